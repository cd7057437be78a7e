#!/usr/bin/env bash
# onnxruntime-node 1.30.0: the release for Linux collects telemetry by default.
#
# The first session of a process leaves two files below the home folder: an identifier of the machine, and an SQLite
# database that queues events to be sent. An event holds the operating system, the name of the program, the library's
# version and the execution provider that was used. Importing the package alone leaves nothing.
#
# Expected: no files outside the working folder, as on other releases for Linux.
# What helps: ORT_DISABLE_TELEMETRY=1, set before the package is loaded.
# This script does what every such program does, so on a machine with network access the events may be sent.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error onnxruntime-node@1.30.0 >/dev/null

# A graph for opset 21: Identity of a float32 tensor of shape [2].
cat >session.js <<'EOF'
import { InferenceSession, Tensor } from 'onnxruntime-node';

const graph = 'CAo6NwoQCgF4EgF5IghJZGVudGl0eRIBZ1oPCgF4EgoKCAgBEgQKAggCYg8KAXkSCgoICAESBAoCCAJCBAoAEBU=';
const session = await InferenceSession.create(Buffer.from(graph, 'base64'));
await session.run({ x: new Tensor('float32', new Float32Array([1, 2]), [2]) });
EOF
echo "import 'onnxruntime-node';" >import.js

# Prints the files that a program leaves in an empty home folder.
files_left_by() {
  local home="$folder/home-$1"
  mkdir "$home"
  HOME="$home" XDG_CACHE_HOME='' ORT_DISABLE_TELEMETRY="${3:-}" node "$2"
  (cd "$home" && find . -type f | LC_ALL=C sort | tr '\n' ' ')
}

expected='By a session: ./.cache/Microsoft/DeveloperTools/.onnxruntime/deviceid ./.cache/Microsoft/DeveloperTools/.onnxruntime/onnxruntime.db 
The database holds the provider: yes
By the import alone: 
With ORT_DISABLE_TELEMETRY=1: '
seen=$(
  echo "By a session: $(files_left_by session session.js)"
  database="$folder/home-session/.cache/Microsoft/DeveloperTools/.onnxruntime/onnxruntime.db"
  echo "The database holds the provider: $(grep -qa CPUExecutionProvider "$database" && echo yes || echo no)"
  echo "By the import alone: $(files_left_by import import.js)"
  echo "With ORT_DISABLE_TELEMETRY=1: $(files_left_by off session.js 1)"
)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
