#!/bin/sh
# Configures preset $1 in build/$1 when that has not been done, then builds the targets that follow (none: all of them).
# The log of a configuration is shown only when it fails; KEEP_GOING=1 builds all that can be built.
set -eu
preset="$1"
shift
cd "$(dirname "$0")/.."
mkdir -p build/log

if ! [ -f "build/$preset/build.ninja" ]; then
  echo "configuring build/$preset"
  if ! cmake --preset "$preset" >"build/log/configure-$preset.log" 2>&1; then
    grep -v '^--' "build/log/configure-$preset.log" | tail -n 20 >&2
    echo "warifu: cmake could not configure build/$preset (all of it: build/log/configure-$preset.log)" >&2
    exit 1
  fi
fi

targets=""
[ $# -eq 0 ] || targets="--target $*"
keep=""
[ -z "${KEEP_GOING:-}" ] || keep="-- -k 0"
# Quiet when there is nothing to do: ninja's dry run says so without building.
# shellcheck disable=SC2086
exec env NINJA_STATUS="[%f/%t %es] " cmake --build "build/$preset" -j "${JOBS:-$(nproc)}" $targets $keep
