#!/bin/sh
# Installs into build/runtimes what functions and agents find beside their own code: AWS's runtime interface client for
# each Python on PATH that really runs, a current boto3, and the client for Node.js. Silent when tools/runtimes.txt and
# the interpreters are as they were. What cannot be installed is said, and does not stop the build: those runtimes are
# then missing.
set -eu
root="$(cd "$(dirname "$0")/.." && pwd)"
home="$root/build/runtimes"
log="$root/build/log/runtimes.log"
wanted="$root/tools/runtimes.txt"
mkdir -p "$root/build/log"

# All that could change the outcome, without running any of it.
state="$(
  cat "$wanted" "$root/tools/runtime_node.mjs"
  for folder in $(echo "$PATH" | tr ':' ' '); do ls -d "$folder"/python3* "$folder/node" 2>/dev/null || true; done
)"
if [ -f "$home/stamp" ] && [ "$state" = "$(cat "$home/stamp")" ]; then exit 0; fi

# The first working interpreter of each minor version: `3.11 /usr/bin/python3.11`. A shim that only says what is missing
# does not run.
question='import sys; print("%d.%d" % sys.version_info[:2], getattr(sys, "_base_executable", sys.executable))'
interpreters() {
  echo "$PATH" | tr ':' '\n' | while read -r folder; do
    for name in python3 python3.9 python3.10 python3.11 python3.12 python3.13 python3.14 python3.15; do
      [ -x "$folder/$name" ] || continue
      "$folder/$name" -c "$question" 2>/dev/null || true
    done
  done | sort -u -k1,1
}

found="$(interpreters)"
echo "installing into build/runtimes, once, what functions run with (runtime clients, boto3: tools/runtimes.txt)"
: >"$log"
new="$home.new"
rm -rf "$new"
mkdir -p "$new/python" "$new/node"
missing=""

# requirement GROUP: the lines of tools/runtimes.txt for GROUP.
requirement() { sed -n "s/^$1 //p" "$wanted"; }

pip_into() { # interpreter, folder, requirements…
  python="$1"; folder="$2"; shift 2
  PIP_ROOT_USER_ACTION=ignore "$python" -m pip install --retries 2 --timeout 15 --no-input -q \
    --disable-pip-version-check --no-warn-script-location --target "$folder" "$@" >>"$log" 2>&1
}

# Distributions ship interpreters without pip: any Python that has one can install for the others.
with_pip=""
for line in $(echo "$found" | tr ' ' '='); do
  if "${line#*=}" -m pip --version >>"$log" 2>&1; then with_pip="${line#*=}"; fi
done
if [ -z "$with_pip" ] && python3 -m venv "$new/venv" >>"$log" 2>&1; then with_pip="$new/venv/bin/python3"; fi

if [ -z "$with_pip" ]; then
  missing="$missing python"
else
  # shellcheck disable=SC2046
  pip_into "$with_pip" "$new/python" $(requirement python) || missing="$missing boto3"
  for line in $(echo "$found" | tr ' ' '='); do
    version="${line%%=*}"
    # shellcheck disable=SC2046
    pip_into "$with_pip" "$new/python$version" --no-deps --only-binary=:all: --python-version "$version" \
      $(requirement client) || {
      missing="$missing python$version"
      rm -rf "$new/python$version"
      continue
    }
    "${line#*=}" -m compileall -q "$new/python$version" "$new/python" >>"$log" 2>&1 || true
  done
fi
rm -rf "$new/venv"

# Only the package itself: what it depends on compiles its native part, which runtime_node.mjs replaces.
if command -v npm >/dev/null 2>&1; then
  if (cd "$new/node" && npm pack --silent "$(requirement node)" && tar xzf ./*.tgz && rm -f ./*.tgz &&
      mv package aws-lambda-ric && rm -rf aws-lambda-ric/deps aws-lambda-ric/src) >>"$log" 2>&1 </dev/null; then
    cp "$root/tools/runtime_node.mjs" "$new/node/runtime.mjs"
  else
    missing="$missing nodejs"
  fi
fi
chmod -R a+rX "$new"
printf '%s\n' "$state" >"$new/stamp"
rm -rf "$home"
mv "$new" "$home"
if [ -n "$missing" ]; then
  echo "warifu: not installed for functions:$missing (why: build/log/runtimes.log; is the network there?)" >&2
  # Tried again by the next build.
  printf 'incomplete\n' >"$home/stamp"
fi
