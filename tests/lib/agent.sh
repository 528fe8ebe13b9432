# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# For tests of the agent in whole programs; source it after tap.sh. Segments
# go to a folder of the test's own, so that those of the dead stay until the
# test has read them. As root, that a tool is there is enough to use it.

command -v jq >/dev/null || skip_all "jq is not installed"
VICTIMS=$BUILD/tests/victims
# For programs that are looked at from here and not by `ullage run`.
AGENT=$("$ULLAGE" agent-path) || skip_all "the agent is not built"
SHM=$(mktemp -d /dev/shm/u-test.XXXXXX)
export ULLAGE_DIR=$SHM
export VICTIMS AGENT
trap 'rm -rf "$SHM"; tap_cleanup' EXIT

# said NAME REGEX [SECONDS]: the started program prints such a line. False at
# once when it has ended without.
said_or_gone() {
	grep -Eq "$2" "$T/$1.out" || gone "$(pid_of "$1")"
}
said() {
	wait_for "${3:-20}" said_or_gone "$1" "$2"
	grep -Eq "$2" "$T/$1.out"
}

# segment PID FILTER: a value of the segment, by jq.
segment() {
	"$ULLAGE" debug segment --json "$1" | jq -r "$2"
}

# watch INTERVAL COMMAND...: runs it under the agent.
watch() {
	local interval=$1
	shift
	"$ULLAGE" run --interval "$interval" -- "$@"
}

# same INTERVAL TEXT COMMAND...: the command says and returns the same with
# and without the agent, and the agent was in it ($expect=out: stayed out).
# Output goes to $T/stdout and $T/stderr. ${via[@]} starts the command, itself
# without the agent.
via=()
same() {
	local interval=$1 text=$2 bare=0 got=0 place=in
	shift 2
	rm -rf "$SHM"/ullage-*
	# The shell says how a program ended; that is not the program's.
	{
		"${via[@]}" "$@" >"$T/bare.out" 2>"$T/bare.err" </dev/null ||
			bare=$?
		timeout -s KILL 60 "${via[@]}" env LD_PRELOAD="$AGENT" \
			ULLAGE_SAMPLE_INTERVAL="$interval" "$@" \
			>"$T/stdout" 2>"$T/stderr" </dev/null || got=$?
	} 2>"$T/shell"
	[ -n "$(find "$SHM" -name '*.seg')" ] || place=out
	if [ "$got" -ne "$bare" ]; then
		fail "$text" "status $got, without the agent $bare, from: $*" \
			"$(tail -n 5 "$T/stderr")"
	elif ! cmp -s "$T/bare.out" "$T/stdout"; then
		fail "$text" "prints something else from: $*" \
			"$(diff "$T/bare.out" "$T/stdout" | head -n 10)"
	elif ! cmp -s "$T/bare.err" "$T/stderr"; then
		fail "$text" "says something else from: $*" \
			"$(diff "$T/bare.err" "$T/stderr" | head -n 10)"
	elif [ $place != "${expect:-in}" ]; then
		fail "$text" "the agent is $place and should be ${expect:-in}"
	else
		pass "$text"
	fi
}
