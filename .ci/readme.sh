#!/usr/bin/env bash
# Runs README's own test command as it stands there, and checks that README's Go code is a copy of the tested program.
set -euo pipefail
cd "$(dirname "$0")/.."
lines=$(wc -l <README.md)
[ "$lines" -le 150 ] || { echo "README.md has $lines lines, 150 at most" >&2; exit 1; }

commands=$(awk '/^```sh$/ {on=1; next} /^```$/ {on=0} on' README.md | grep -E '^go (-C [a-z]+ )?test' || true)
[ "$(wc -l <<<"$commands")" = 1 ] && [ -n "$commands" ] || { echo "README.md must name exactly one test command, found: $commands" >&2; exit 1; }
echo "\$ $commands"
env -u LOSTKEY_REQUIRE_SERVICES bash -c "$commands"

awk '/^```go$/ {on=1; next} /^```$/ {if (on) exit; on=0} on' README.md >"${TMPDIR:-/tmp}/readme.$$"
trap 'rm -f "${TMPDIR:-/tmp}/readme.$$"' EXIT
diff -u examples/quickstart/main.go "${TMPDIR:-/tmp}/readme.$$" || { echo "README.md's first program differs from examples/quickstart/main.go" >&2; exit 1; }
