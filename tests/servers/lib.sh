# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Real servers for tests: private configurations, free ports, private folders.
# Source after tests/lib/tap.sh, which sets $pid.
# shellcheck disable=SC2154
#
#   serve NAME PRELOAD    starts one; its pid is in $pid, its port in $port
#   ask NAME              a fixed conversation; its text on standard output
#   stop NAME             from tap.sh
#
# PRELOAD is for LD_PRELOAD, "" for none.

# shellcheck disable=SC2034 # for the tests
# shellcheck disable=SC2034 # for the tests
AGENT=$BUILD/libullage.so
lib=/usr/lib/$(gcc -print-multiarch 2>/dev/null || echo x86_64-linux-gnu)
# shellcheck disable=SC2034 # for the tests
ALLOCATORS="$lib/libjemalloc.so.2 $lib/libtcmalloc_minimal.so.4 $lib/libmimalloc.so.2.0"
PG=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | tail -n 1)

# Servers that give up root must be able to read what they serve.
chmod 755 "$T"

# The port may be taken between the choice and the use of it; then the server
# has ended, though something answers.
serve() {
	local try
	for try in 1 2 3; do
		port=$(free_port)
		"serve_$1" "$2" && ! gone "$pid" && return
		[ "$try" -eq 3 ] || stop "$1"
	done
	return 1
}

ask() {
	"ask_$1"
}

# How a server is started that must not be root. Words, not a function: start
# executes them.
pg_user=$(id -un)
as_pg=()
if [ "$(id -u)" -eq 0 ]; then
	pg_user=postgres
	as_pg=(setpriv --reuid=postgres --regid=postgres --clear-groups)
fi

answers() {
	(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null
}

# ---- redis ------------------------------------------------------------------

serve_redis() {
	start redis env LD_PRELOAD="$1" redis-server --port "$port" \
		--save '' --appendonly no --dir "$T" --bind 127.0.0.1
	wait_for 20 redis_is_ours
}

redis_is_ours() {
	gone "$pid" || redis-cli -p "$port" info server |
		grep -q "^process_id:$pid"
}

ask_redis() {
	{
		awk 'BEGIN { for (i = 1; i <= 300; i++) printf \
			"set key:%d value-%0*d\nrpush list %d\n" \
			"zadd scores %d member:%d\nhset map field:%d %d\n", \
			i, i % 90, i, i, i, i, i, i }'
		echo "get key:77"
		echo "lrange list 0 20"
		echo "zrange scores 10 20 withscores"
		echo "hget map field:3"
		echo "eval 'local t={} for i=1,500 do t[i]=i*i end return #t' 0"
		printf 'append key:1 %05000d\n' 1
		echo "strlen key:1"
		echo "sort list limit 0 5 desc"
		echo "dbsize"
		echo "del list"
		echo "lrange list 0 -1"
		echo "nosuchcommand"
		echo "flushall"
		echo "dbsize"
	} | redis-cli -p "$port" 2>&1 | grep -v '^$'
}

# ---- nginx: a master and two workers ----------------------------------------

serve_nginx() {
	mkdir -p "$T/www"
	seq 2000 >"$T/www/numbers"
	echo '<p>hello' >"$T/www/index.html"
	cat >"$T/nginx.conf" <<-CONF
		daemon off;
		worker_processes 2;
		pid $T/nginx.pid;
		error_log stderr warn;
		events { worker_connections 512; }
		http {
			access_log off;
			client_header_timeout 1h;
			client_body_temp_path $T/body;
			proxy_temp_path $T/proxy;
			fastcgi_temp_path $T/fastcgi;
			uwsgi_temp_path $T/uwsgi;
			scgi_temp_path $T/scgi;
			server {
				listen 127.0.0.1:$port;
				root $T/www;
				location /proxied { proxy_pass http://127.0.0.1:$port/numbers; }
				location /gone { return 410 gone; }
			}
		}
	CONF
	start nginx env LD_PRELOAD="$1" nginx -c "$T/nginx.conf" -e stderr
	wait_for 20 answers
}

ask_nginx() {
	local path
	for path in / /numbers /proxied /gone /none; do
		curl -s -w '%{http_code} %{size_download}\n' \
			"http://127.0.0.1:$port$path" | md5sum
	done
	for _ in $(seq 40); do
		curl -s "http://127.0.0.1:$port/numbers" \
			"http://127.0.0.1:$port/proxied" | md5sum
	done
	# New workers for old ones, in the middle of it.
	kill -HUP "$(cat "$T/nginx.pid")"
	curl -s --compressed -H 'Range: bytes=10-400' \
		"http://127.0.0.1:$port/numbers" | md5sum
}

# ---- memcached --------------------------------------------------------------

serve_memcached() {
	local user=
	[ "$(id -u)" -ne 0 ] || user="-u nobody"
	# shellcheck disable=SC2086 # none or two words
	start memcached env LD_PRELOAD="$1" memcached -l 127.0.0.1 \
		-p "$port" -U 0 -t 2 -m 16 $user
	wait_for 20 answers
}

ask_memcached() {
	local i
	exec 3<>"/dev/tcp/127.0.0.1/$port"
	{
		for i in $(seq 200); do
			printf 'set key%d 0 0 %d\r\n%0*d\r\n' "$i" $((i + 5)) \
				$((i + 5)) "$i"
		done
		printf 'get key3 key9 none\r\nincr key3 7\r\ndelete key9\r\n'
		printf 'get key9\r\nbogus\r\nquit\r\n'
	} >&3
	timeout 10 cat <&3 | md5sum
	exec 3>&-
}

# ---- postgres ---------------------------------------------------------------

serve_postgres() {
	local data=$T/pg.$port template=$T/pg.template
	if [ ! -d "$template" ]; then
		install -d -m 700 -o "$pg_user" "$template"
		"${as_pg[@]}" "$PG/initdb" -D "$template" -A trust -U tester \
			--no-sync --locale=C >"$T/initdb.log" 2>&1 || return 1
	fi
	cp -a "$template" "$data"
	cat >>"$data/postgresql.conf" <<-CONF
		unix_socket_directories = '$data'
		listen_addresses = '127.0.0.1'
		port = $port
		fsync = off
		logging_collector = off
		log_min_messages = warning
		log_line_prefix = ''
	CONF
	start postgres "${as_pg[@]}" env LD_PRELOAD="$1" \
		"$PG/postgres" -D "$data"
	wait_for 30 pg "select 1"
}

pg() {
	"$PG/psql" -X -A -t -h 127.0.0.1 -p "$port" -U tester -d postgres \
		-c "$1"
}

ask_postgres() {
	"$PG/pgbench" -i -q -h 127.0.0.1 -p "$port" -U tester postgres \
		>/dev/null 2>&1
	"$PG/pgbench" -C -c 2 -t 40 -n -h 127.0.0.1 -p "$port" -U tester \
		--random-seed=7 postgres 2>&1 |
		grep -E 'transactions actually|failed'
	pg "select count(*), sum(abalance) is not null from pgbench_accounts"
	pg "select md5(string_agg(i::text, ',')) from generate_series(1, 20000) i"
	pg "select nothing from nowhere" 2>&1
	pg "set work_mem='64kB'; select count(*) from (select a.aid from pgbench_accounts a order by md5(a.aid::text) limit 30000) s"
}
