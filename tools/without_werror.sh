#!/bin/sh
# Compiles as told; where that fails, once more without -Werror: a planted bug may leave a name unused, and shall be
# caught by a test, not by a warning. What compiles as it stands is the same command, and so the same cache entry.
output=$("$@" 2>&1) && exit 0
for argument do
  shift
  [ "$argument" = -Werror ] || set -- "$@" "$argument"
done
"$@" >/dev/null 2>&1 && exit 0
printf '%s\n' "$output" >&2
exit 1
