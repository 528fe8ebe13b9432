# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# For tests written in bash: source it first. Prints TAP, gives the test a
# directory $T of its own, and ends and removes at exit whatever the test has
# started and left.
#
#   ok "says hello" grep -q hello "$T/out"
#   is "$got" "$want" "the sum"
#   like "$text" '^ready port [0-9]+$' "the first line"
#   start server "$BUILD/ullage-demo-server" --port 0
#   wait_for 10 grep -q ^ready "$T/server.out"
#   say server stats
#   stop server
#   done_testing
#
# From the makefile: $SRC (sources), $BUILD (built things), $ULLAGE.

set -u
export LC_ALL=C
SRC=${SRC:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
BUILD=${BUILD:-$SRC/build}
ULLAGE=${ULLAGE:-$BUILD/ullage}
T=$(mktemp -d "${TMPDIR:-/tmp}/ullage-test.XXXXXX")
tap_cases=0
tap_failed=0
declare -A tap_pid tap_fd

# ---- cases ------------------------------------------------------------------

pass() {
	echo "ok $((++tap_cases)) - $1"
}

# fail TEXT [DETAIL...]: details are shown below the case, a line each.
fail() {
	echo "not ok $((++tap_cases)) - $1"
	shift
	[ $# -eq 0 ] || printf '%s\n' "$@" | sed 's/^/# /'
	tap_failed=1
}

skip() {
	echo "ok $((++tap_cases)) - $1 # SKIP $2"
}

# The whole test, before its first case.
skip_all() {
	echo "1..0 # SKIP $1"
	exit 77
}

# ok TEXT COMMAND...: the command succeeds. What it prints is shown if not.
ok() {
	local text=$1
	shift
	if "$@" >"$T/said" 2>&1; then
		pass "$text"
	else
		fail "$text" "status $? of: $*" "$(head -n 20 "$T/said")"
	fi
}

# is GOT WANT TEXT
is() {
	if [ "$1" = "$2" ]; then
		pass "$3"
	else
		fail "$3" "got:  $1" "want: $2"
	fi
}

# like GOT REGEX TEXT
like() {
	if [[ $1 =~ $2 ]]; then
		pass "$3"
	else
		fail "$3" "got:  $(head -n 20 <<<"$1")" "want: /$2/"
	fi
}

# between GOT LOW HIGH TEXT: numbers.
between() {
	if awk -v g="$1" -v l="$2" -v h="$3" \
		'BEGIN { exit !(g ~ /^[-0-9.]+$/ && g + 0 >= l && g + 0 <= h) }'
	then
		pass "$4"
	else
		fail "$4" "got:  $1" "want: $2 to $3"
	fi
}

# status WANT TEXT COMMAND...: output goes to $T/stdout and $T/stderr.
status() {
	local want=$1 text=$2 got=0
	shift 2
	"$@" >"$T/stdout" 2>"$T/stderr" </dev/null || got=$?
	if [ "$got" -eq "$want" ]; then
		pass "$text"
	else
		fail "$text" "status $got instead of $want from: $*" \
			"$(tail -n 20 "$T/stderr")"
	fi
}

# The last line of every test.
done_testing() {
	echo "1..$tap_cases"
	exit "$tap_failed"
}

# ---- waiting ----------------------------------------------------------------

# wait_for SECONDS COMMAND...: until the command succeeds; 1 if it never did.
# The only place where a test lets time pass.
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		if [ "$SECONDS" -ge "$end" ]; then
			echo "# waited in vain for: $*"
			return 1
		fi
		sleep 0.05
	done
}

gone() {
	! kill -0 "$1" 2>/dev/null
}

# ---- processes --------------------------------------------------------------

# start NAME COMMAND...: in the background. Lines for its standard input by
# say; standard output and error are $T/NAME.out and .err. Its pid is in
# $pid after that, and from pid_of later.
start() {
	local name=$1 fd
	shift
	mkfifo "$T/$name.in"
	# Nothing of one of the same name before it is to be taken for its own.
	: >"$T/$name.out"
	: >"$T/$name.err"
	# Without the ends of other programs' input, which are none of its own.
	(
		for fd in "${tap_fd[@]}"; do
			exec {fd}>&-
		done
		exec "$@"
	) <"$T/$name.in" >"$T/$name.out" 2>"$T/$name.err" &
	# shellcheck disable=SC2034 # for the caller
	pid=$!
	tap_pid[$name]=$!
	exec {fd}>"$T/$name.in"
	tap_fd[$name]=$fd
}

pid_of() {
	echo "${tap_pid[$1]}"
}

# say NAME LINE
say() {
	echo "$2" >&"${tap_fd[$1]}"
}

# The number of lines that a started program has printed so far. Give it to
# said_since to look at what is new.
lines_of() {
	wc -l <"$T/$1.out"
}

# said_since NAME LINES REGEX
said_since() {
	tail -n "+$(($2 + 1))" "$T/$1.out" | grep -Eq "$3"
}

tap_close() {
	local fd=${tap_fd[$1]:-}
	[ -z "$fd" ] || exec {fd}>&-
	unset "tap_fd[$1]"
	rm -f "$T/$1.in"
}

# stop NAME [SIGNAL]: ends it and returns its status.
stop() {
	local pid=${tap_pid[$1]:-}
	[ -n "$pid" ] || return 0
	unset "tap_pid[$1]"
	tap_close "$1"
	kill -s "${2:-TERM}" "$pid" 2>/dev/null
	wait_for 10 gone "$pid" || kill -s KILL "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
}

# finish NAME SECONDS: waits for it to end by itself; returns its status.
finish() {
	local pid=${tap_pid[$1]}
	wait_for "$2" gone "$pid" || return 124
	unset "tap_pid[$1]"
	tap_close "$1"
	wait "$pid"
}

tap_cleanup() {
	local name
	for name in "${!tap_pid[@]}"; do
		stop "$name" >/dev/null
	done
	rm -rf "$T"
}
trap tap_cleanup EXIT
trap 'exit 1' INT TERM HUP

# A TCP port that nobody listens on, for programs that cannot choose one.
free_port() {
	local port
	while :; do
		port=$((20000 + RANDOM % 10000))
		grep -qi ":$(printf %04x "$port") [0-9A-F:]* 0A" \
			/proc/net/tcp /proc/net/tcp6 2>/dev/null || break
	done
	echo "$port"
}

# ---- goldens ----------------------------------------------------------------

# golden NAME TEXT <GOT: compares standard input with tests/golden/NAME; with
# ACCEPT=1 (make accept) writes it instead.
golden() {
	local want=$SRC/tests/golden/$1
	cat >"$T/golden"
	if [ -n "${ACCEPT:-}" ]; then
		cp "$T/golden" "$want"
	fi
	if diff -u "$want" "$T/golden" >"$T/golden.diff" 2>&1; then
		pass "$2"
	else
		fail "$2" "differs; if it is meant so: make accept" \
			"$(head -n 40 "$T/golden.diff")"
	fi
}
