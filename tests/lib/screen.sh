# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Programs in a real terminal, by tmux. Source after tests/lib/tap.sh.
#
#   screen_start NAME COLUMNS ROWS COMMAND...   a terminal with that in it
#   screen_run NAME COLUMNS ROWS COMMAND...     the same; when it has ended,
#                               its status is in $T/NAME.status
#   screen NAME                 what is on it
#   screen_shows NAME REGEX     succeeds if a line matches
#   screen_keys NAME KEY...     as tmux send-keys names them
#   screen_size NAME COLUMNS ROWS
#   screen_end NAME

screen_socket=ullage-test-$$
# What has ended stays to be looked at; the server stays between two.
printf 'set -g %s\n' 'remain-on-exit on' 'exit-empty off' >"$T/tmux.conf"

screen_tmux() {
	tmux -L "$screen_socket" -f "$T/tmux.conf" "$@"
}

screen_start() {
	local name=$1 columns=$2 rows=$3
	shift 3
	screen_tmux new-session -d -s "$name" -x "$columns" -y "$rows" \
		env LC_ALL=C.UTF-8 TERM=screen-256color HOME="$T" \
		XDG_CONFIG_HOME="$T/config" "$@" &&
		screen_tmux pipe-pane -o -t "$name" "cat >>'$T/$name.raw'"
}

# tmux now and then misses the end of what it runs, so a shell tells.
screen_run() {
	local name=$1 columns=$2 rows=$3
	shift 3
	rm -f "$T/$name.status"
	# shellcheck disable=SC2016 # for that shell
	screen_start "$name" "$columns" "$rows" bash -c \
		'"${@:2}"; echo $? >"$1"' - "$T/$name.status" "$@"
}

screen_ended() {
	test -s "$T/$1.status"
}

screen() {
	screen_tmux capture-pane -p -t "$1"
}

screen_shows() {
	screen "$1" | grep -Eq -- "$2"
}

screen_hides() {
	! screen_shows "$@"
}

screen_keys() {
	local name=$1
	shift
	screen_tmux send-keys -t "$name" "$@"
}

screen_size() {
	screen_tmux resize-window -t "$1" -x "$2" -y "$3"
}

screen_end() {
	screen_tmux kill-session -t "$1" 2>/dev/null
}

screen_cleanup() {
	screen_tmux kill-server 2>/dev/null
	tap_cleanup
}
trap screen_cleanup EXIT
