#!/usr/bin/env bash
# @tensorflow/tfjs-backend-wasm 4.22.0: clipByValue leaves integers out of range as they are or makes large negative
# ones of them, and -1 is no finite number.
#
# ClipByValue, IsNan, IsFinite and Reciprocal read the bytes of an int32 tensor as floats. A small whole number is a
# tiny float then, so 300 is below 255, and a small negative one is NaN. What is clipped becomes the bits of a float
# bound, which are -1082130432 for -1. Other functions of this backend do know int32, or refuse it, as ceil and log do.
# The CPU backend of the same release is right; tf.clipByValue is documented for a tensor, without a type.
#
# Expected: the numbers of the CPU backend.
# What helps: a cast to float32 before, and back after it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error \
  @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0 @tensorflow/tfjs-backend-wasm@4.22.0 >/dev/null

cat >program.js <<'EOF'
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';

tf.env().set('PROD', true);
setWasmPaths(`${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'))}/`);
const functions = {
  'clipByValue 0 to 255': (x) => tf.clipByValue(x, 0, 255),
  'clipByValue -1 to 1': (x) => tf.clipByValue(x, -1, 1),
  isFinite: tf.isFinite,
  isNaN: tf.isNaN,
  reciprocal: tf.reciprocal,
};
for (const [name, run] of Object.entries(functions)) {
  for (const type of ['float32', 'int32']) {
    const seen = [];
    for (const backend of ['cpu', 'wasm']) {
      await tf.setBackend(backend);
      const numbers = await run(tf.tensor1d([-5, -1, 1, 100, 300], type)).data();
      seen.push(`${backend} ${[...numbers].map((number) => String(Number(number.toPrecision(3))))}`);
    }
    console.log(`${name} of ${type}: ${seen.join(', ')}`);
  }
}
EOF

expected='clipByValue 0 to 255 of float32: cpu 0,0,1,100,255, wasm 0,0,1,100,255
clipByValue 0 to 255 of int32: cpu 0,0,1,100,255, wasm 0,0,1,100,300
clipByValue -1 to 1 of float32: cpu -1,-1,1,1,1, wasm -1,-1,1,1,1
clipByValue -1 to 1 of int32: cpu -1,-1,1,1,1, wasm -1080000000,-1080000000,1,100,300
isFinite of float32: cpu 1,1,1,1,1, wasm 1,1,1,1,1
isFinite of int32: cpu 1,1,1,1,1, wasm 0,0,1,1,1
isNaN of float32: cpu 0,0,0,0,0, wasm 0,0,0,0,0
isNaN of int32: cpu 0,0,0,0,0, wasm 1,1,0,0,0
reciprocal of float32: cpu -0.2,-1,1,0.01,0.00333, wasm -0.2,-1,1,0.01,0.00333
reciprocal of int32: cpu 0,-1,1,0,0, wasm -5,-1,2140000000,2140000000,2140000000'
seen=$(node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
