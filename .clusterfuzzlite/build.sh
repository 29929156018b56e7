#!/bin/bash -eu
# Builds the fuzz targets for OSS-Fuzz and ClusterFuzzLite. Corpora are in
# testdata/fuzz of each package.
library=github.com/lostkey-go/lostkey

for file in $(grep -rlE '^func Fuzz' --include='*_test.go' token hash mail reset); do
	package=$(dirname "$file")
	for target in $(grep -oE '^func Fuzz[A-Za-z0-9_]+' "$file" | cut -c6-); do
		name=${package//\//_}_$target
		compile_native_go_fuzzer "$library/$package" "$target" "$name"
		if [ -d "$package/testdata/fuzz/$target" ]; then
			zip -jq "$OUT/${name}_seed_corpus.zip" "$package/testdata/fuzz/$target"/*
		fi
	done
done
