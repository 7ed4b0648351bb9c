#!/bin/sh
# Installs the clients that test/clients drives into build/clients: a Python virtual environment from requirements.txt,
# and node_modules from package.json. Silent when what is there already fits both files.
set -eu
root="$(cd "$(dirname "$0")/.." && pwd)"
clients="$root/test/clients"
home="$root/build/clients"
log="$root/build/log/clients.log"
mkdir -p "$home" "$root/build/log"

refuse() {
  tail -n 8 "$log" >&2 || true
  echo "warifu: $1 (the reason is above and in build/log/clients.log; is the network there?)" >&2
  exit 1
}

# A stamp holds the very text that was installed from, so that any change of it installs again.
fits() { [ -f "$1" ] && [ -f "$2" ] && cmp -s "$1" "$2"; }

if [ -f "$clients/requirements.txt" ] && ! fits "$clients/requirements.txt" "$home/requirements.installed"; then
  echo "installing into build/clients/venv, once, the Python clients that the tests drive (boto3, AWS CLI, Strands," \
       "LangGraph, MCP: test/clients/requirements.txt)"
  : >"$log"
  rm -f "$home/requirements.installed"
  if ! [ -x "$home/venv/bin/pip" ]; then
    rm -rf "$home/venv"
    python3 -m venv "$home/venv" >>"$log" 2>&1 || refuse "python3 could not make a virtual environment"
  fi
  "$home/venv/bin/pip" install --no-input --disable-pip-version-check -q -r "$clients/requirements.txt" >>"$log" 2>&1 ||
    refuse "pip could not install the Python clients"
  cp "$clients/requirements.txt" "$home/requirements.installed"
fi

if [ -f "$clients/package.json" ] && ! fits "$clients/package.json" "$home/package.json.installed"; then
  echo "installing into build/clients/node_modules, once, the JavaScript client that the tests drive" \
       "(test/clients/package.json)"
  : >"$log"
  rm -f "$home/package.json.installed"
  cp "$clients/package.json" "$home/package.json"
  (cd "$home" && npm install --no-audit --no-fund --no-package-lock --loglevel=error) >>"$log" 2>&1 </dev/null ||
    refuse "npm could not install the JavaScript client"
  cp "$clients/package.json" "$home/package.json.installed"
fi
