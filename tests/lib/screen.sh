# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Programs in a real terminal, by tmux. Source after tests/lib/tap.sh.
#
#   screen_start NAME COLUMNS ROWS COMMAND...   a terminal with that in it
#   screen NAME                 what is on it
#   screen_shows NAME REGEX     succeeds if a line matches
#   screen_keys NAME KEY...     as tmux send-keys names them
#   screen_size NAME COLUMNS ROWS
#   screen_end NAME

screen_socket=ullage-test-$$
# What has ended stays to be looked at.
echo 'set -g remain-on-exit on' >"$T/tmux.conf"

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
