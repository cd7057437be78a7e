#!/bin/sh
# Calls every operation of the Open Inference Protocol over REST with the clients of Triton and KServe, against the demo
# service: test/clients/oip-rest/run.sh (needs Python 3.10 or later and a package index). Rewrites output.txt.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
temp=$(mktemp -d)
service=
trap '[ -z "$service" ] || kill "$service"; rm -rf "$temp"' EXIT

python3 -m venv "$temp/venv"
"$temp/venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"

cd "$here/../../.."
PORT=0 ADMIN_PORT=0 HOST=127.0.0.1 node bin/ofa-ve.js serve --demo >"$temp/log" 2>/dev/null &
service=$!
until grep -q '"engine ready"' "$temp/log"; do
  kill -0 "$service" || { cat "$temp/log"; exit 1; }
  sleep 0.2
done
port=$(sed -n 's/.*"port":\([0-9]*\),.*"listening".*/\1/p' "$temp/log")

status=0
"$temp/venv/bin/python" "$here/clients.py" "127.0.0.1:$port" >"$temp/output" 2>&1 || status=$?
{
  echo "Node.js $(node --version), $("$temp/venv/bin/python" --version), $(tr '\n' ' ' <"$here/requirements.txt")"
  cat "$temp/output"
} | tee "$here/output.txt"
exit "$status"
