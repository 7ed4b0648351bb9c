#!/bin/sh
# Builds the canary with compiler $1 in folder $2, fuzzes it, and succeeds only if the planted bug is found.
set -u
compiler="$1"
folder="$2"
here="$(dirname "$0")"
mkdir -p "$folder"
"$compiler" -std=c++23 -O1 -fsanitize=fuzzer,address "$here/canary_fuzz.cc" -o "$folder/canary" || exit 1
if "$folder/canary" -seed=1 -runs=5000000 -max_len=16 -artifact_prefix="$folder/" >"$folder/log" 2>&1; then
  echo "the fuzzer missed the planted bug: fuzzing here proves nothing"
  exit 1
fi
if ! grep -q 'deadly signal' "$folder/log"; then
  echo "the canary died of something else:"
  tail -n 20 "$folder/log"
  exit 1
fi
echo "the planted bug was found"
