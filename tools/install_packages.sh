#!/bin/sh
# Installs the Debian packages of the named groups (build, test, bench, format) that are missing, and says which and
# why. Silent when nothing is missing. WARIFU_NO_INSTALL=1 only says what is missing.
set -eu
list="$(dirname "$0")/packages.txt"
log="$(dirname "$0")/../build/log/apt.log"

refuse() {
  echo "warifu: $1" >&2
  exit 1
}

# Prints the lines of tools/packages.txt that belong to group $1, stripped of padding: package|command|purpose.
lines_of() {
  sed -e '/^#/d' -e 's/[[:space:]]*|[[:space:]]*/|/g' "$list" |
    awk -F'|' -v group="$1" '$1 == group { print $2 "|" $3 "|" $4 }'
}

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "warifu: no apt-get here: install what tools/packages.txt lists ($*) by the means of this system" >&2
  exit 0
fi

missing=""
reasons=""
for group in "$@"; do
  lines="$(lines_of "$group")"
  [ -n "$lines" ] || refuse "tools/packages.txt has no group '$group'"
  while IFS='|' read -r package tool purpose; do
    if [ -n "$tool" ] && command -v "$tool" >/dev/null 2>&1; then continue; fi
    if is_installed "$package"; then continue; fi
    missing="$missing $package"
    reasons="$reasons  $package: $purpose
"
  done <<LINES
$lines
LINES
done
[ -n "$missing" ] || exit 0

echo "warifu needs these Debian packages:"
printf '%s' "$reasons"
[ -z "${WARIFU_NO_INSTALL:-}" ] || refuse "packages are missing and WARIFU_NO_INSTALL is set:$missing"

as_root=""
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null 2>&1 || refuse "not root and no sudo: run as root: apt-get install$missing"
  if [ -t 0 ]; then as_root="sudo"; else as_root="sudo -n"; fi
  $as_root true 2>/dev/null || refuse "sudo is refused here: run as root: apt-get install$missing"
fi

mkdir -p "$(dirname "$log")"
# A machine that lives for one run need not survive a power cut while it unpacks: that halves the time.
unpack=""
[ -z "${CI:-}" ] || unpack="-o Dpkg::Options::=--force-unsafe-io"
apt() {
  # shellcheck disable=SC2086
  $as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -y -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 $unpack "$@" >>"$log" 2>&1
}
echo "installing them with apt-get (log: build/log/apt.log)"
: >"$log"
# A new machine has no package lists yet, or stale ones: the first attempt may fail for that reason alone.
# shellcheck disable=SC2086
apt install --no-install-recommends $missing && exit 0
apt update || true
# shellcheck disable=SC2086
apt install --no-install-recommends $missing && exit 0
tail -n 8 "$log" >&2
refuse "apt-get could not install$missing (is the network there? the reason is above and in build/log/apt.log)"
