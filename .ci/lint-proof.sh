#!/usr/bin/env bash
# Proves that the dependency-direction rule fires: plants one forbidden import at a time in a copy of the tree and expects depguard to object.
#   .ci/lint-proof.sh PATH-TO-GOLANGCI-LINT
set -euo pipefail
lint=$1
cd "$(dirname "$0")/.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
git ls-files -z -- '*.go' '*/testdata/*' 'mail' 'hash' 'reset' 'token' go.mod go.sum .golangci.yml ':!examples' | sort -zu | xargs -0 cp --parents -t "$dir"
cd "$dir"
for pair in token:hash token:mail hash:token hash:mail mail:token mail:hash; do
	leaf=${pair%:*} other=${pair#*:}
	printf 'package %s\n\nimport _ "github.com/lostkey-go/lostkey/%s"\n' "$leaf" "$other" >"$leaf/planted.go"
	out=$("$lint" run --enable-only depguard "./$leaf/" 2>&1 || true)
	rm "$leaf/planted.go"
	if ! grep -q "planted.go.*$leaf is a leaf" <<<"$out"; then
		echo "depguard let $leaf import $other:" >&2
		echo "$out" >&2
		exit 1
	fi
done
echo "depguard refuses each of the six imports between leaves; one of reset would be an import cycle"
