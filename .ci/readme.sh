#!/usr/bin/env bash
# Runs README's own test command as it stands there, and keeps the page short.
# That its Go code is a copy of tested code is held by `check docs`.
set -euo pipefail
cd "$(dirname "$0")/.."
fail() { printf '%s\n' "$*" >&2; exit 1; }

lines=$(wc -l <README.md)
[ "$lines" -le 150 ] || fail "README.md has $lines lines, 150 at most"

commands=$(awk '/^```sh$/ {on=1; next} /^```$/ {on=0} on' README.md |
	grep -E '^go (-C [a-z]+ )?test' || true)
[ "$(wc -l <<<"$commands")" = 1 ] && [ -n "$commands" ] ||
	fail "README.md must name exactly one test command, found: $commands"
echo "\$ $commands"
env -u LOSTKEY_REQUIRE_SERVICES bash -c "$commands"
