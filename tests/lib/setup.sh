# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What ./try and ./check share; sourced by them. Sees to it that the packages
# are there and the build is up to date, and says what it does.

set -u
export LC_ALL=C
SRC=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck disable=SC2034 # for those who source this
BUILD_DIR=$(realpath -m "${ULLAGE_BUILD:-$SRC/build}")

step() {
	printf '==> %s\n' "$*"
}

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# ---- packages ---------------------------------------------------------------

# packages_missing GROUP...: those of tests/packages that are not installed.
packages_missing() {
	local group name
	command -v dpkg-query >/dev/null || return 0
	while read -r group name _; do
		case " $* " in
		*" $group "*)
			dpkg-query -W -f '${Status}\n' "$name" 2>/dev/null |
				grep -q '^install ok installed$' ||
				echo "$name"
			;;
		esac
	done <"$SRC/tests/packages" | sort -u
}

# As root, or as whom sudo lets be root without a question when nobody is
# there to answer it.
as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif [ -t 0 ]; then
		sudo "$@"
	else
		sudo -n "$@"
	fi
}

# Debian starts a server when its package is installed, unless this file says
# no. It is put there for that moment only, and only if there is none.
policy=/usr/sbin/policy-rc.d
policy_ours=

policy_deny() {
	[ -e $policy ] && return
	printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null &&
		policy_ours=yes && as_root chmod 755 $policy
}

policy_restore() {
	[ -z "$policy_ours" ] || as_root rm -f $policy
	policy_ours=
}

# need_packages GROUP...
need_packages() {
	local missing install log
	command -v dpkg-query >/dev/null || {
		step "not Debian: the packages are up to you (tests/packages)"
		return 0
	}
	missing=$(packages_missing "$@" | tr '\n' ' ')
	[ -n "$missing" ] || return 0
	install="apt-get install -y --no-install-recommends ${missing% }"
	if [ "$(id -u)" -ne 0 ] && ! { command -v sudo >/dev/null &&
		as_root true 2>/dev/null; }; then
		printf 'Packages are missing. As root, run this and try again:\n'
		printf '  apt-get update && %s\n' "$install"
		exit 1
	fi
	step "installing ${missing% }"
	log=$(mktemp)
	policy_deny
	# shellcheck disable=SC2086 # one word for each package
	if ! { as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update &&
		as_root env DEBIAN_FRONTEND=noninteractive $install; } \
		>"$log" 2>&1 </dev/null; then
		policy_restore
		tail -n 20 "$log" >&2
		rm -f "$log"
		die "the packages could not be installed"
	fi
	policy_restore
	rm -f "$log"
}

# ---- building ---------------------------------------------------------------

# build DIR [CONFIGURE OPTION...]: brings the build there up to date. Quick
# when nothing has changed; configures again when the options have, or when
# packages came or went that configure looks for.
build() {
	local dir=$1 log wanted
	shift
	wanted="$* without: $(packages_missing build try check | tr '\n' ' ')"
	mkdir -p "$dir" || exit 1
	log=$dir/build.log
	: >"$log"
	if [ ! -x "$SRC/configure" ]; then
		step "autoreconf"
		(cd "$SRC" && autoreconf -i) >"$log" 2>&1 || {
			tail -n 20 "$log"
			return 1
		}
	fi
	if [ "$(cat "$dir/options" 2>/dev/null)" != "$wanted" ] ||
		[ ! -f "$dir/Makefile" ]; then
		step "configure $* (in $dir)"
		(cd "$dir" && "$SRC/configure" "$@") >>"$log" 2>&1 || {
			tail -n 20 "$log"
			return 1
		}
		echo "$wanted" >"$dir/options"
	fi
	step "make (in $dir)"
	make -C "$dir" -j "$(nproc)" all >>"$log" 2>&1 || {
		grep -E 'error|undefined|warning|No rule|\*\*\*' "$log" | head -n 20
		echo "    the whole story: $log"
		return 1
	}
}
