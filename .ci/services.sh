# Packages and servers that the tests need. Sourced by .ci/run, which sets $work.
# A server that already listens at its usual address is used as it is; one
# started here is stopped at the end.

packages=(
	ca-certificates curl git gcc libc6-dev
	postgresql mariadb-server redis-server etcd-server nginx
	chromium fonts-dejavu-core
	# other languages' readers of our tokens, and makers of the hashes we read
	python3 python3-jwt nodejs npm
	python3-passlib python3-django gunicorn python3-werkzeug python3-argon2
	python3-psycopg2 python3-mysqldb
	python3-bcrypt python3-flask-bcrypt python3-flask-security
	php-cli ruby-bcrypt ruby-devise whois argon2
	# promtool, which judges rules
	prometheus
	# mail servers and judges
	python3-aiosmtpd postfix spamassassin
)
started_pids=()
mariadb_started=
pg_data=

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
as_postgres() { as_root su postgres -s /bin/sh -c "$1"; }
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

wait_for() { # port, name
	local i
	for i in $(seq 150); do
		if listens "$1"; then return 0; fi
		sleep 0.2
	done
	echo "$2 did not start" >&2
	return 1
}

services_install() {
	if ! command -v apt-get >/dev/null; then
		echo "no apt-get here: using what is installed"
		return 0
	fi
	local missing=() p
	for p in "${packages[@]}"; do
		dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' ||
			missing+=("$p")
	done
	# node may have come another way than as a Debian package
	if command -v node >/dev/null && command -v npm >/dev/null; then
		mapfile -t missing < <(printf '%s\n' "${missing[@]}" | grep -vxE 'nodejs|npm|')
	fi
	[ ${#missing[@]} != 0 ] || return 0
	echo "installing: ${missing[*]}"
	# no server may start by itself while its package is set up
	local policy=/usr/sbin/policy-rc.d made_policy=
	if [ ! -e "$policy" ]; then
		printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
		as_root chmod +x "$policy"
		made_policy=1
	fi
	as_root apt-get update -qq
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
		--no-install-recommends "${missing[@]}" >"$work/apt.log" 2>&1 || {
		tail -n 40 "$work/apt.log"
		return 1
	}
	[ -z "$made_policy" ] || as_root rm -f "$policy"
}

services_start() {
	postgres_start
	mariadb_start
	redis_start
	etcd_start
}

postgres_bin() { ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1; }

postgres_start() {
	if listens 5432; then return 0; fi
	local bin
	bin=$(postgres_bin)
	pg_data=$(mktemp -d)
	as_root chown postgres "$pg_data"
	as_postgres "'$bin/initdb' -D '$pg_data/data' -A trust -U postgres -E UTF8 \
		--locale=C.UTF-8 >/dev/null"
	as_postgres "'$bin/pg_ctl' -s -w -D '$pg_data/data' -l '$pg_data/log' \
		-o '-p 5432 -k $pg_data -c listen_addresses=127.0.0.1' start"
	wait_for 5432 PostgreSQL
	as_postgres "'$bin/createdb' -h 127.0.0.1 -U postgres test"
	echo "started PostgreSQL"
}

mariadb_start() {
	if listens 3306; then return 0; fi
	local dir=$work/mariadb
	mkdir -p "$dir"
	as_root chown mysql "$work/mariadb"
	as_root chmod 755 "$work"
	as_root mariadb-install-db --no-defaults --user=mysql --datadir="$dir/data" \
		--auth-root-authentication-method=normal >/dev/null 2>&1
	as_root mariadbd --no-defaults --user=mysql --datadir="$dir/data" \
		--bind-address=127.0.0.1 --port=3306 --socket="$dir/sock" \
		--pid-file="$dir/pid" >"$work/mariadb.log" 2>&1 &
	mariadb_started=1
	wait_for 3306 MariaDB
	mariadb -h 127.0.0.1 -u root -e 'CREATE DATABASE IF NOT EXISTS test'
	echo "started MariaDB"
}

redis_start() {
	if listens 6379; then return 0; fi
	redis-server --bind 127.0.0.1 --port 6379 --save '' --appendonly no \
		--dir "$work" >"$work/redis.log" 2>&1 &
	started_pids+=($!)
	wait_for 6379 Redis
	echo "started Redis"
}

etcd_start() {
	if listens 2379; then return 0; fi
	etcd --data-dir "$work/etcd" --listen-peer-urls http://127.0.0.1:0 \
		--listen-client-urls http://127.0.0.1:2379 \
		--advertise-client-urls http://127.0.0.1:2379 >"$work/etcd.log" 2>&1 &
	started_pids+=($!)
	wait_for 2379 etcd
	echo "started etcd"
}

services_stop() {
	local pid
	for pid in "${started_pids[@]}"; do
		as_root kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	done
	if [ -n "$mariadb_started" ]; then
		mariadb-admin -h 127.0.0.1 -u root shutdown
	fi
	if [ -n "$pg_data" ]; then
		as_postgres "$(postgres_bin)/pg_ctl -s -m immediate -D '$pg_data/data' stop" ||
			true
		as_root rm -rf "$pg_data"
	fi
}
