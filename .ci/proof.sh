#!/usr/bin/env bash
# Proves that the gate fails where it should. It plants faults in a copy of the
# tree and expects each check to name them: imports between the leaves, a
# change of the exported API, a dense function, a wide line, a long function.
#   .ci/proof.sh PATH-TO-GOLANGCI-LINT
set -euo pipefail
lint=$1
cd "$(dirname "$0")/.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
go build -o "$dir/check" ./.ci/check
git ls-files -z -- token hash mail reset go.mod go.sum .golangci.yml .ci/api \
	':!*_test.go' | xargs -0 cp --parents -t "$dir"
cd "$dir"

# refuses WHAT PATTERN COMMAND...: the command must fail and say PATTERN.
refuses() {
	local what=$1 pattern=$2 out code=0
	shift 2
	out=$("$@" 2>&1) || code=$?
	if [ "$code" = 0 ] || ! grep -qE "$pattern" <<<"$out"; then
		printf 'the gate let %s through:\n%s\n' "$what" "$out" >&2
		exit 1
	fi
	printf 'refused: %s\n' "$(grep -E -m 1 "$pattern" <<<"$out")"
}

# Three imports at a time, so that no circle forms.
for order in "token hash mail" "mail hash token"; do
	read -r a b c <<<"$order"
	for pair in "$a:$b" "$a:$c" "$b:$c"; do
		leaf=${pair%:*} other=${pair#*:}
		printf 'package %s\n\nimport _ "github.com/lostkey-go/lostkey/%s"\n' \
			"$leaf" "$other" >"$leaf/planted_$other.go"
	done
	for pair in "$a:$b" "$a:$c" "$b:$c"; do
		leaf=${pair%:*} other=${pair#*:}
		refuses "an import of $other in $leaf" \
			"planted_$other.go.*$leaf is a leaf" \
			"$lint" run --enable-only depguard "./$leaf/"
	done
	rm ./*/planted_*.go
done

# planted NAME LINES LINE: a file of token whose function is LINES long.
planted() {
	printf 'package token\n\n// %s is planted.\nfunc %s() {\n' "$1" "$1"
	yes "$3" | head -n "$2" || true
	printf '}\n'
}

./check api >/dev/null
planted Planted 1 '	_ = 1' >token/planted.go
refuses "a change of the exported API" '^\+ token: func Planted' ./check api

./check style token >/dev/null
planted planted 20 '	_ = 1' >token/planted.go
refuses "a dense function" 'planted has 20 lines and no paragraph' \
	./check style token

planted planted 61 '	_ = 1' >token/planted.go
refuses "a long function" 'planted.go.*funlen' "$lint" run ./token/

planted planted 1 "	_ = 1$(printf ' + 1%.0s' {1..30})" >token/planted.go
refuses "a line of 129 columns" 'planted.go.*129 characters.*lll' \
	"$lint" run ./token/

# Tests are held as well.
mv token/planted.go token/planted_test.go
refuses "the same line in a test" 'planted_test.go.*129 characters.*lll' \
	"$lint" run ./token/
