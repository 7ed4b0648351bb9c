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

# install_python REQUIREMENTS VENV WHAT: a virtual environment with what the file names.
install_python() {
  stamp="$home/${1%.txt}.installed"
  if ! [ -f "$clients/$1" ] || fits "$clients/$1" "$stamp"; then return 0; fi
  echo "installing into build/clients/$2, once, the Python clients that the tests drive ($3: test/clients/$1)"
  : >"$log"
  rm -f "$stamp"
  if ! [ -x "$home/$2/bin/pip" ]; then
    rm -rf "${home:?}/$2"
    python3 -m venv "$home/$2" >>"$log" 2>&1 || refuse "python3 could not make a virtual environment"
  fi
  "$home/$2/bin/pip" install --no-input --disable-pip-version-check -q -r "$clients/$1" >>"$log" 2>&1 ||
    refuse "pip could not install the Python clients"
  cp "$clients/$1" "$stamp"
}

install_python requirements.txt venv "boto3, AWS CLI, Strands, LangGraph, MCP"
install_python requirements-proxy.txt proxy "mcp-proxy-for-aws"

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
