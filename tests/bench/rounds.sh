# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the sections of the bench share: the variants, taking them in turn,
# and tables of medians. From ./run: $T (scratch), $AGENT, $programs.
#
# A variant is a way to run a command: alone, under ullage, under a peer.
# Rounds take all variants in turn, each round beginning with another, and a
# ratio is between two runs of the same round; what is shown is the median of
# the ratios. So the machine may become slower meanwhile.

declare -A about base_of=() library
order=(plain ullage again off heaptrack heapprofile tcmalloc tcmalloc-sample
	jemalloc jemalloc-prof own-prof)
missing=()

# What a ratio is against: a profiler of an allocator against that allocator.
base_of=([tcmalloc-sample]=tcmalloc [jemalloc-prof]=jemalloc)

about=(
	[plain]="plain"
	[ullage]="ullage, 512 KiB"
	[off]="ullage, interval 0"
	[again]="plain, again: the noise"
	[heaptrack]="heaptrack"
	[heapprofile]="gperftools, HEAPPROFILE"
	[tcmalloc]="tcmalloc"
	[tcmalloc-sample]="tcmalloc, sampling 512 KiB"
	[jemalloc]="jemalloc"
	[jemalloc-prof]="jemalloc, prof:true, 512 KiB"
	[own-prof]="prof:true, 512 KiB, of its own jemalloc"
)

say() {
	echo "bench: $*" >&2
}

# ---- who is here -------------------------------------------------------------

# find_library NAME SONAME PACKAGE
find_library() {
	library[$1]=$(/sbin/ldconfig -p | awk -v s="$2" '$1 == s && /x86-64/ {
		print $NF; exit }')
	[ -n "${library[$1]}" ] || missing+=("$1 (Debian: $3)")
}

find_peers() {
	find_library tcmalloc libtcmalloc.so.4 libgoogle-perftools4
	find_library jemalloc libjemalloc.so.2 libjemalloc2
	for c in heaptrack:heaptrack valgrind:valgrind redis-server:redis-server \
	    redis-benchmark:redis-tools nginx:nginx-light wrk:wrk; do
		have "${c%:*}" || missing+=("${c%:*} (Debian: ${c#*:})")
	done
}

have() {
	command -v "$1" >/dev/null
}

# Those of the variants given that can be run here.
available() {
	local v
	for v; do
		case $v in
		heaptrack) have heaptrack || continue ;;
		heapprofile | tcmalloc*) [ -n "${library[tcmalloc]}" ] || continue ;;
		jemalloc*) [ -n "${library[jemalloc]}" ] || continue ;;
		esac
		echo "$v"
	done
}

# under VARIANT COMMAND...
under() {
	local v=$1
	shift
	case $v in
	plain | again) "$@" ;;
	ullage) LD_PRELOAD=$AGENT "$@" ;;
	off) ULLAGE_SAMPLE_INTERVAL=0 LD_PRELOAD=$AGENT "$@" ;;
	heaptrack) heaptrack -o "$T/heaptrack.$BASHPID" "$@" ;;
	heapprofile)
		HEAPPROFILE=$T/heapprofile LD_PRELOAD=${library[tcmalloc]} "$@"
		;;
	tcmalloc) LD_PRELOAD=${library[tcmalloc]} "$@" ;;
	tcmalloc-sample)
		TCMALLOC_SAMPLE_PARAMETER=524288 \
			LD_PRELOAD=${library[tcmalloc]} "$@"
		;;
	jemalloc) LD_PRELOAD=${library[jemalloc]} "$@" ;;
	own-prof) MALLOC_CONF=prof:true,lg_prof_sample:19 "$@" ;;
	jemalloc-prof)
		MALLOC_CONF=prof:true,lg_prof_sample:19 \
			LD_PRELOAD=${library[jemalloc]} "$@"
		;;
	esac
}

# ---- in turn --------------------------------------------------------------------

# rotated N ITEM...: the items, beginning with the Nth, modulo their number.
rotated() {
	local n=$1 i
	shift
	for ((i = 0; i < $#; i++)); do
		local k=$(((n + i) % $# + 1))
		echo "${!k}"
	done
}

# ---- tables ----------------------------------------------------------------------

# Functions of awk for what follows: values are kept as "1.2 3.4 ...".
awk_median='
function median(list,   a, n, i, j, t) {
	n = split(list, a, " ")
	if (n == 0)
		return "-"
	for (i = 2; i <= n; i++) {
		t = a[i] + 0
		for (j = i - 1; j >= 1 && a[j] + 0 > t; j--)
			a[j + 1] = a[j]
		a[j + 1] = t
	}
	return n % 2 ? a[(n + 1) / 2] + 0 : (a[n / 2] + a[n / 2 + 1]) / 2
}
function least(list,   a, n, i, m) {
	n = split(list, a, " ")
	m = a[1] + 0
	for (i = 2; i <= n; i++)
		if (a[i] + 0 < m)
			m = a[i] + 0
	return m
}
function show(v) {
	if (v == "-")
		return v
	return sprintf(v >= 1000 ? "%.0f" : v >= 100 ? "%.1f" : "%.2f", v)
}
'

# table FILE FIRST-HEADING CASE=HEADING...: lines of FILE are "case round
# variant value"; a row for each variant, in each cell the median, and the
# median of the ratios within rounds.
table() {
	local file=$1 first=$2 v
	shift 2
	{
		for v in "${!base_of[@]}"; do
			echo "base $v ${base_of[$v]}"
		done
		for v in "${order[@]}"; do
			echo "about $v ${about[$v]}"
		done
		printf 'heading %s\n' "$@"
		cat "$file"
	} | awk -v first="$first" "$awk_median"'
	$1 == "base" { base[$2] = $3; next }
	$1 == "about" { v = $2; variants[++nvariants] = v; $1 = $2 = ""; text[v] = substr($0, 3); next }
	$1 == "heading" {
		$1 = ""
		split(substr($0, 2), h, "=")
		cases[++ncases] = h[1]
		heading[h[1]] = h[2]
		next
	}
	{
		seen[$3] = 1
		value[$1, $2, $3] = $4
		all[$1, $3] = all[$1, $3] " " $4
		if ($2 > rounds[$1])
			rounds[$1] = $2
	}
	END {
		printf "| %s |", first
		for (c = 1; c <= ncases; c++)
			printf " %s |", heading[cases[c]]
		printf "\n|---|"
		for (c = 1; c <= ncases; c++)
			printf "---|"
		printf "\n"
		for (i = 1; i <= nvariants; i++) {
			v = variants[i]
			if (!(v in seen))
				continue
			b = v in base ? base[v] : "plain"
			printf "| %s |", text[v]
			for (c = 1; c <= ncases; c++) {
				k = cases[c]
				ratios = ""
				for (r = 1; r <= rounds[k]; r++)
					if ((k, r, v) in value && value[k, r, b] > 0)
						ratios = ratios " " \
						    value[k, r, v] / value[k, r, b]
				printf " %s", show(median(all[k, v]))
				if (v != "plain" && ratios != "")
					printf " (×%s)", sprintf("%.3g", median(ratios))
				printf " |"
			}
			printf "\n"
		}
	}'
}

# difference FILE CASE VARIANT: median and least of plain, of the variant, and
# the median of the differences within rounds.
difference() {
	awk -v k="$2" -v v="$3" "$awk_median"'
	$1 == k { value[$2, $3] = $4; all[$3] = all[$3] " " $4; n = $2 > n ? $2 : n }
	END {
		for (r = 1; r <= n; r++)
			if ((r, v) in value && (r, "plain") in value)
				d = d " " value[r, v] - value[r, "plain"]
		printf "%.2f %.2f %.2f %.2f %.2f\n", median(all["plain"]),
		    least(all["plain"]), median(all[v]), least(all[v]), median(d)
	}' "$1"
}

# middle: the median of the numbers on standard input.
middle() {
	tr '\n' ' ' | awk "$awk_median"'{ print median($0) }'
}
