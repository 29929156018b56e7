#!/usr/bin/env bash
# Proves that the gate fails where it should. It plants faults in a copy of the
# tree and expects each check to name them: imports between the leaves, a
# change of the exported API, a dense function, a wide line, a long function, a
# forgotten module.
#   .ci/proof.sh PATH-TO-GOLANGCI-LINT
set -euo pipefail
lint=$1
cd "$(dirname "$0")/.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
go build -o "$dir/check" ./.ci/check
git ls-files -z -- token hash mail reset go.sum .golangci.yml .ci/api \
	'*go.mod' .ci/modules.sh .github/dependabot.yml ':!*_test.go' | xargs -0 cp --parents -t "$dir"
cd "$dir"

# refuses COMMAND... -- WHAT=PATTERN...: the command must fail and say every
# PATTERN.
refuses() {
	local command=() out code=0 fault
	while [ "$1" != -- ]; do
		command+=("$1")
		shift
	done
	shift
	out=$("${command[@]}" 2>&1) || code=$?
	for fault; do
		if [ "$code" = 0 ] || ! grep -qE "${fault#*=}" <<<"$out"; then
			printf 'the gate let %s through:\n%s\n' "${fault%%=*}" "$out" >&2
			exit 1
		fi
		printf 'refused: %s\n' "$(grep -E -m 1 "${fault#*=}" <<<"$out")"
	done
}

# Three imports at a time, so that no circle forms.
for order in "token hash mail" "mail hash token"; do
	read -r a b c <<<"$order"
	faults=()
	for pair in "$a $b" "$a $c" "$b $c"; do
		read -r leaf other <<<"$pair"
		printf 'package %s\n\nimport _ "github.com/lostkey-go/lostkey/%s"\n' \
			"$leaf" "$other" >"$leaf/planted_$other.go"
		faults+=("an import=$leaf/planted_$other.go.*$leaf is a leaf")
	done
	refuses "$lint" run --enable-only depguard ./token ./hash ./mail \
		-- "${faults[@]}"
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
refuses ./check api -- "a change of the exported API=^\+ token: func Planted"

./check style token >/dev/null
planted planted 20 '	_ = 1' >token/planted.go
refuses ./check style token -- \
	"a dense function=planted has 20 lines and no paragraph"

# Tests are held as well as what they test.
wide="	_ = 1$(printf ' + 1%.0s' {1..30})"
planted planted 61 '	_ = 1' >token/planted.go
planted plantedWide 1 "$wide" >token/planted_wide.go
planted plantedTest 1 "$wide" >token/planted_test.go
refuses "$lint" run --enable-only funlen,lll ./token/ -- \
	"a long function=planted.go.*funlen" \
	"a wide line=planted_wide.go.*129 characters.*lll" \
	"a wide line of a test=planted_test.go.*129 characters.*lll"

.ci/modules.sh >/dev/null
mkdir examples/planted
cp examples/river/go.mod examples/planted
refuses .ci/modules.sh -- \
	'a module without updates=dependabot.yml does not name "/examples/planted"'
echo '# "/examples/planted"' >>.github/dependabot.yml
.ci/modules.sh >/dev/null
sed -i '/^replace/d' examples/planted/go.mod
refuses .ci/modules.sh -- \
	"a module over a release=planted/go.mod does not say: replace .* => \.\./\.\./"
