#!/usr/bin/env bash
# Fuzzes every fuzz target of this module, one after the other.
#
#   tools/fuzz.sh [TIME]   for each target: 10s, 5m, 1000x; default 10s
#
# A failure leaves its input in the package's testdata/fuzz: commit it, and
# every later `go test` tries it again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
time=${1:-10s}

# targets prints "FOLDER NAME" for each fuzz target.
targets() {
  { grep -rHoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' cmd internal pkg test bench 2>/dev/null || true; } |
    sed -E 's|^(.*)/[^/]*:func (.*)$|\1 \2|' | sort
}

count=0
while read -r folder name; do
  printf -- '--- %s %s\n' "$folder" "$name"
  go test -run '^$' -fuzz "^$name\$" -fuzztime "$time" "./$folder" </dev/null
  count=$((count + 1))
done < <(targets)
printf '%d targets, %s each\n' "$count" "$time"
