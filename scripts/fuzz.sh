#!/usr/bin/env bash
# Runs every fuzz target of the module for a given time each.
#
#   scripts/fuzz.sh [TIME]
set -euo pipefail
time=${1:-10s}
failed=0
for package in $(go list ./...); do
	for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
		echo "== $package $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$package" || failed=1
	done
done
exit $failed
