#!/bin/bash -eu
# Builds the fuzz targets for OSS-Fuzz and ClusterFuzzLite, each with its seeds.
# These are the files in testdata/fuzz of its package, as `go test` reads them.
# Those that a target adds itself are not there in this build. It fails where a
# target has none.
#
# The compiler makes test files a part of the package beside them, so it cannot
# take packages such as token_test (google/oss-fuzz issue 7923). In this copy of
# the tree they become a package below the first, and what that exports to its
# tests alone, it exports to all.
library=github.com/lostkey-go/lostkey

# The compiler replaces a file of the standard library, which it cannot in a
# toolchain that Go has downloaded.
goroot=$(go env GOROOT)
if [[ $goroot == "$(go env GOMODCACHE)"/* ]]; then
	cp -r "$goroot" "$SRC/goroot"
	chmod -R u+w "$SRC/goroot"
	export GOROOT=$SRC/goroot PATH=$SRC/goroot/bin:$PATH GOTOOLCHAIN=local
fi

targets() { # file...
	grep -ohE '^func Fuzz[A-Za-z0-9_]+' "$@" | cut -c6-
}

for package in $(grep -rlE '^func Fuzz' --include='*_test.go' token hash mail reset |
	xargs -n 1 dirname | sort -u); do
	fuzz=$package/fuzz
	mkdir "$fuzz"
	printf 'package fuzz\n' >"$fuzz/fuzz.go"
	[ ! -d "$package/testdata" ] || mv "$package/testdata" "$fuzz"
	for file in "$package"/*_test.go; do
		if grep -qE '^package \w+_test$' "$file"; then
			sed -i -E 's/^package \w+_test$/package fuzz/' "$file"
			mv "$file" "$fuzz"
		else
			mv "$file" "${file%_test.go}_fuzz.go"
		fi
	done

	for target in $(targets "$fuzz"/*_test.go); do
		seeds=$fuzz/testdata/fuzz/$target
		[ -n "$(ls "$seeds" 2>/dev/null)" ] || {
			echo "$package: $target has no seeds in testdata/fuzz" >&2
			exit 1
		}
		name=${package//\//_}_$target
		compile_native_go_fuzzer_v2 "$library/$fuzz" "$target" "$name"
		addStdLibCorpusToFuzzer -dir "$seeds" -fuzzer_name "$name"
	done
done
