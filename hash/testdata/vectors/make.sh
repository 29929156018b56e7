#!/bin/sh
# Makes made.tsv with the real tools, or checks hashes of this module with them.
#
#   make.sh              prints the rows of every tool that is there
#   make.sh check FILE   verifies FILE ("kind TAB JSON password TAB stored") with
#                        every tool that is there; fails when one refuses
#
# The tools, on Debian 12: apt-get install --no-install-recommends python3-passlib
# python3-django python3-werkzeug python3-argon2 python3-bcrypt
# python3-flask-bcrypt python3-flask-security php-cli ruby-bcrypt ruby-devise
# whois argon2 openssl nodejs npm. VECTORS_NODE names a folder where the npm packages of
# package.json are or may be installed; without it node's rows are left out.
# VECTORS_STRICT=1 makes a missing tool an error, and installs the packages.
set -eu
export LC_ALL=C.UTF-8 # the passwords are UTF-8, whatever the machine's language
here=$(cd "$(dirname "$0")" && pwd)
phrase='correct horse battery staple'

missing() {
	echo "make.sh: no $1, its rows are left out" >&2
	[ "${VECTORS_STRICT:-0}" != 1 ] || exit 1
}

row() { row_of all "$@"; }

# row_of names the reader first, because no text tells an insecure one.
row_of() { printf '%s\t%s\t%s\t%s\t"%s"\t%s\n' "$1" "$2" "$3" "$4" "$phrase" "$5"; }

# node_run runs make.mjs where the packages are.
node_run() {
	folder=${VECTORS_NODE:-}
	if [ -z "$folder" ] && [ "${VECTORS_STRICT:-0}" = 1 ]; then
		folder=${TMPDIR:-/tmp}/lostkey-vectors-node
	fi
	if [ -z "$folder" ] || ! command -v node >/dev/null || ! command -v npm >/dev/null; then
		missing 'node, npm or VECTORS_NODE'
		return
	fi
	mkdir -p "$folder"
	cp "$here/package.json" "$here/make.mjs" "$folder/"
	[ -d "$folder/node_modules/asp-identity-pw" ] ||
		npm install --prefix "$folder" --no-audit --no-fund --silent >&2
	node "$folder/make.mjs" "$@"
}

mkpasswd_rows() {
	tool="mkpasswd $(mkpasswd --version 2>&1 | sed -n '1s/[^0-9.]*\([0-9.]*[0-9]\).*/\1/p')"
	row bcrypt "$tool" '-m bcrypt' "$(mkpasswd -m bcrypt "$phrase")"
	row sha512-crypt "$tool" '-m sha512crypt' "$(mkpasswd -m sha512crypt "$phrase")"
	row sha512-crypt "$tool" '-m sha512crypt -R 10000' "$(mkpasswd -m sha512crypt -R 10000 "$phrase")"
	row sha256-crypt "$tool" '-m sha256crypt' "$(mkpasswd -m sha256crypt "$phrase")"
	row '!unknown' "$tool" '-m yescrypt' "$(mkpasswd -m yescrypt "$phrase")"
	row scrypt-crypt "$tool" '-m scrypt' "$(mkpasswd -m scrypt "$phrase")"
	row scrypt-crypt "$tool" '-m scrypt -R 6' "$(mkpasswd -m scrypt -R 6 "$phrase")"
	row_of insecure-md5-crypt insecure-md5-crypt "$tool" '-m md5crypt' "$(mkpasswd -m md5crypt "$phrase")"
}

openssl_rows() {
	tool="openssl $(openssl version | cut -d ' ' -f 2)"
	row_of insecure-md5-crypt insecure-md5-crypt "$tool" 'passwd -1' "$(openssl passwd -1 "$phrase")"
	row_of insecure-md5-crypt insecure-apr1 "$tool" 'passwd -apr1' "$(openssl passwd -apr1 "$phrase")"
	row_of insecure-md5-crypt insecure-md5-crypt "$tool" 'passwd -1 -salt x' "$(openssl passwd -1 -salt x "$phrase")"
}

argon2_rows() {
	tool="argon2 $(dpkg-query -W -f '${Version}' argon2 2>/dev/null || echo cli)"
	with() { printf %s "$phrase" | argon2 "$@" -e; }
	row argon2id "$tool" '-id -t 2 -k 19456 -p 1 -l 32' "$(with somesalt12345678 -id -t 2 -k 19456 -p 1 -l 32)"
	row argon2id "$tool" '-id -t 3 -m 14 -p 4 -l 24' "$(with somesalt12345678 -id -t 3 -m 14 -p 4 -l 24)"
	row argon2i "$tool" '-i -t 3 -m 12 -p 1' "$(with somesalt12345678 -i -t 3 -m 12 -p 1)"
	for variant in d i id; do
		for version in 10 13; do
			[ "$variant$version" = i13 ] || [ "$variant$version" = id13 ] && continue
			for params in '-t 1 -k 64 -p 1' '-t 3 -k 250 -p 2 -l 24' '-t 2 -m 12 -p 4 -l 64'; do
				# shellcheck disable=SC2086
				row "argon2$variant" "$tool" "-$variant -v $version $params" \
					"$(with somesalt12345678 "-$variant" -v "$version" $params)"
			done
		done
	done
}

if [ "${1:-}" = check ]; then
	rows=$2
	if /usr/bin/python3 -c 'import passlib' 2>/dev/null; then
		/usr/bin/python3 "$here/make.py" check <"$rows"
	else missing passlib; fi
	if command -v php >/dev/null; then php "$here/make.php" check <"$rows"; else missing php; fi
	if command -v ruby >/dev/null; then ruby "$here/make.rb" check <"$rows"; else missing ruby; fi
	node_run check <"$rows"
	exit 0
fi

if /usr/bin/python3 -c 'import passlib, django, werkzeug, flask_bcrypt, flask_security' 2>/dev/null; then
	/usr/bin/python3 "$here/make.py"
else missing 'passlib, django, werkzeug or flask'; fi
if command -v php >/dev/null; then php "$here/make.php"; else missing php; fi
if command -v ruby >/dev/null; then ruby "$here/make.rb"; else missing ruby; fi
node_run
if command -v mkpasswd >/dev/null; then mkpasswd_rows; else missing mkpasswd; fi
if command -v argon2 >/dev/null; then argon2_rows; else missing argon2; fi
if command -v openssl >/dev/null; then openssl_rows; else missing openssl; fi
