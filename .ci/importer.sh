#!/usr/bin/env bash
# Shows what a program that imports reset and mail gets in its go.mod, and fails
# when it is more than it should be.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat >"$dir/go.mod" <<EOF
module example.test/importer

go 1.26.0

replace github.com/lostkey-go/lostkey => $root

require github.com/lostkey-go/lostkey v0.0.0-00010101000000-000000000000
EOF
cat >"$dir/main.go" <<'EOF'
// Command importer imports what every host application imports.
package main

import (
	_ "github.com/lostkey-go/lostkey/mail"
	_ "github.com/lostkey-go/lostkey/reset"
)

func main() {}
EOF
cd "$dir"
GOFLAGS=-mod=mod go mod tidy >/dev/null 2>&1
go build -o /dev/null .
got=$(go mod edit -json | grep -o '"Path": "[^"]*"' | cut -d'"' -f4 |
	grep -vE '^(example.test/importer|github.com/lostkey-go/lostkey|/.*)$' |
	sort | paste -sd' ')
want="github.com/golang-jwt/jwt/v5 golang.org/x/crypto golang.org/x/sys"
echo "an importer of reset and mail gains: $got"
if [ "$got" != "$want" ]; then
	echo "expected: $want" >&2
	exit 1
fi
