#!/usr/bin/env bash
# Runs .clusterfuzzlite/build.sh in a copy of the tree, up to the two programs
# that only OSS-Fuzz has. In place of the compiler, `go test` runs each target
# with its seeds where the script has put it.
set -euo pipefail
cd "$(dirname "$0")/.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/bin" "$dir/out"
git ls-files -z -- go.mod go.sum token hash mail reset .clusterfuzzlite |
	xargs -0 cp --parents -t "$dir"

cat >"$dir/bin/compile_native_go_fuzzer_v2" <<'END'
#!/bin/bash -eu
set -o pipefail
# As there, a name must not begin another one.
[ "$(cat "${1#github.com/lostkey-go/lostkey/}"/*_test.go |
	grep -c "func $2.*testing.F")" = 1 ]
go test -v -run "^$2\$" "$1" | grep -E -- "^ok|^(--- )?FAIL|--- PASS: $2 "
END
cat >"$dir/bin/addStdLibCorpusToFuzzer" <<'END'
#!/bin/bash -eu
for seed in "$2"/*; do [ "$(head -n 1 "$seed")" = "go test fuzz v1" ]; done
touch "$OUT/$4_seed_corpus.zip"
END
chmod +x "$dir"/bin/*

targets=$(git grep -hE '^func Fuzz' -- token hash mail reset | wc -l)
cd "$dir"
SRC=$dir OUT=$dir/out PATH=$dir/bin:$PATH .clusterfuzzlite/build.sh
built=$(find out -name '*_seed_corpus.zip' | wc -l)
[ "$built" = "$targets" ] || { echo "$built of $targets targets are built" >&2; exit 1; }
