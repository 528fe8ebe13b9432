# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# redis and nginx under load: CPU time of the serving process per request.
#
# The servers of all variants run at once, each on a port of its own, and one
# of them is loaded at a time, for about a second, in turn: runs that are
# compared are seconds apart. They are started afresh several times, because
# where memory comes to lie is a matter of luck that a process keeps.

declare -A port server serving workers
: "${redis_requests:=200000} ${nginx_seconds:=1}"
: "${server_starts:=3} ${server_rounds:=5}"

# ---- ports and processes -------------------------------------------------------

# A port that nobody listens on, below those that the kernel hands out.
free_port() {
	local p
	while :; do
		p=$((10000 + RANDOM % 20000))
		[[ " ${port[*]} " == *" $p "* ]] && continue
		(exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null || break
	done
	echo "$p"
}

# until_true SECONDS COMMAND...
until_true() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		read -r -t 0.02 <> <(:) || :
	done
}

# CPU time of a process so far, in ns, of all its threads.
cpu_of() {
	cat "/proc/$1/task/"*/schedstat | awk '{ n += $1 } END { printf "%.0f\n", n }'
}

# A server is a child of the shell that went through under(), or of heaptrack.
children_of() {
	cat "/proc/$1/task/$1/children" 2>/dev/null
}

stop_servers() {
	local v p
	for v in "${!server[@]}"; do
		for p in ${serving[$v]:-$(children_of "${server[$v]}")}; do
			kill "$p" 2>/dev/null
		done
	done
	for v in "${!server[@]}"; do
		wait "${server[$v]}" 2>/dev/null
	done
	server=() serving=() workers=() port=()
	rm -f "$T"/heaptrack.*
}

# ---- redis ---------------------------------------------------------------------------

redis_ask() {
	redis-cli -p "${port[$1]}" "${@:2}"
}

redis_start() {
	local v=$1
	port[$v]=$(free_port)
	under "$v" redis-server --port "${port[$v]}" --bind 127.0.0.1 \
		--save '' --appendonly no --daemonize no --dir "$T" \
		>"$T/redis.$v.log" 2>&1 &
	server[$v]=$!
	until_true 20 redis_ask "$v" ping || return 1
	serving[$v]=$(redis_ask "$v" info server |
		tr -d '\r' | awk -F: '$1 == "process_id" { print $2 }')
	[ -n "${serving[$v]}" ] || return 1
	redis_load "$v" set >/dev/null
}

# One load; prints CPU µs per request.
redis_load() {
	local v=$1 from to
	from=$(cpu_of "${serving[$v]}")
	redis-benchmark -p "${port[$v]}" -P 16 -n "$redis_requests" -r 100000 \
		-d 64 -t "$2" -q >/dev/null 2>&1 || return 1
	to=$(cpu_of "${serving[$v]}")
	[ "$2" != lpush ] || redis_ask "$v" del mylist >/dev/null
	awk -v a="$from" -v b="$to" -v n="$redis_requests" \
		'BEGIN { printf "%.4f\n", (b - a) / n / 1000 }'
}

# ---- nginx ----------------------------------------------------------------------------

nginx_config() {
	cat <<-CONFIG
		daemon off;
		worker_processes 1;
		pid $T/nginx.$1.pid;
		error_log $T/nginx.$1.log;
		events { worker_connections 256; }
		http {
			access_log off;
			client_body_temp_path $T/nginx.body;
			proxy_temp_path $T/nginx.proxy;
			fastcgi_temp_path $T/nginx.fastcgi;
			uwsgi_temp_path $T/nginx.uwsgi;
			scgi_temp_path $T/nginx.scgi;
			server {
				listen 127.0.0.1:${port[$1]};
				root $T/www;
			}
		}
	CONFIG
	[ "$(id -u)" != 0 ] || echo "user root;"
}

nginx_start() {
	local v=$1 master
	mkdir -p "$T/www"
	head -c 1024 /dev/zero | tr '\0' x >"$T/www/file"
	port[$v]=$(free_port)
	nginx_config "$v" >"$T/nginx.$v.conf"
	under "$v" "$(command -v nginx)" -c "$T/nginx.$v.conf" \
		>"$T/nginx.$v.out" 2>&1 &
	server[$v]=$!
	until_true 20 test -s "$T/nginx.$v.pid" || return 1
	master=$(cat "$T/nginx.$v.pid")
	until_true 20 grep -q . "/proc/$master/task/$master/children" || return 1
	serving[$v]=$master
	read -r "workers[$v]" < <(children_of "$master")
	nginx_load "$v" >/dev/null
}

nginx_load() {
	local v=$1 from to
	from=$(cpu_of "${workers[$v]}")
	wrk -t1 -c16 -d"$nginx_seconds" "http://127.0.0.1:${port[$v]}/file" \
		>"$T/wrk.out" 2>&1 || return 1
	to=$(cpu_of "${workers[$v]}")
	awk -v a="$from" -v b="$to" '/requests in/ {
		printf "%.4f\n", (b - a) / $1 / 1000 }' "$T/wrk.out"
}

# ---- both --------------------------------------------------------------------------------

# Appends "case round variant value" to $T/NAME.raw.
serve() {
	local name=$1 starts=$2 rounds=$3 round=0 s r v c value ran
	shift 3
	local cases=("$@")
	for ((s = 0; s < starts; s++)); do
		ran=()
		while read -r v; do
			if "${name}_start" "$v"; then
				ran+=("$v")
			else
				say "$name did not start under $v"
			fi
		done < <(available "${server_variants[@]}")
		for ((r = 0; r < rounds; r++)); do
			round=$((round + 1))
			for c in "${cases[@]}"; do
				while read -r v; do
					# It takes as long as all the others together.
					[ "$v" = heaptrack ] && ((round % 2)) && continue
					value=$("${name}_load" "$v" "$c") || continue
					echo "$c $round $v $value"
				done < <(rotated $round "${ran[@]}")
			done
		done >>"$T/$name.raw"
		stop_servers
	done
}

section_redis() {
	have redis-server && have redis-benchmark || return 0
	server_variants=(plain ullage again heaptrack own-prof)
	say "redis: $server_starts starts of $server_rounds rounds"
	serve redis "$server_starts" "$server_rounds" set get lpush
	echo "## redis: CPU µs per request"
	echo
	echo "\`redis-benchmark -P 16 -r 100000 -d 64 -n $redis_requests\`," \
		"one server of each kind at a time under load;" \
		"n = $((server_starts * server_rounds)) rounds," \
		"$server_starts starts, heaptrack every other round. Goal: ×1.02." \
		"Debian's redis uses jemalloc:" \
		"\"plain\" is with it."
	echo
	table "$T/redis.raw" "" set=SET get=GET lpush=LPUSH
	echo
}

section_nginx() {
	have nginx && have wrk || return 0
	server_variants=(plain ullage again heaptrack jemalloc jemalloc-prof)
	say "nginx: $server_starts starts of $server_rounds rounds"
	serve nginx "$server_starts" "$server_rounds" file
	echo "## nginx: CPU µs per request, of the worker"
	echo
	echo "\`wrk -t1 -c16 -d$nginx_seconds\`, a file of 1 KiB," \
		"one worker; n = $((server_starts * server_rounds)) rounds," \
		"$server_starts starts, heaptrack every other round. Goal: ×1.02."
	echo
	table "$T/nginx.raw" "" file="1 KiB file"
	echo
}
