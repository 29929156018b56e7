#!/usr/bin/env bash
# Prints the folder of each Go module, the root's first, and fails when one is
# forgotten: by dependabot.yml, by its go line, or by the line that puts this
# tree in the place of a release.
set -euo pipefail
cd "$(dirname "$0")/.."
library=github.com/lostkey-go/lostkey
dependabot=.github/dependabot.yml
fail() { printf 'modules: %s\n' "$*" >&2; exit 1; }

mapfile -t modules < <(find . -name go.mod -not -path '*/node_modules/*' \
	-not -path '*/testdata/*' -printf '%h\n' | sort)
go=$(grep '^go ' go.mod)

for dir in "${modules[@]}"; do
	mod=$dir/go.mod folder=${dir#.}
	grep -qF "\"${folder:-/}\"" "$dependabot" ||
		fail "$dependabot does not name \"${folder:-/}\""
	grep -qxF "$go" "$mod" || fail "$mod does not say: $go"
	[ "$dir" != . ] || continue

	back=$(tr -dc / <<<"$folder" | sed 's#/#../#g')
	grep -qE "^(replace|	)\s*$library => $back\$" "$mod" ||
		fail "$mod does not say: replace $library => $back"
done

printf '%s\n' "${modules[@]}"
