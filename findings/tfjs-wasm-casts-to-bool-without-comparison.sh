#!/usr/bin/env bash
# @tensorflow/tfjs-backend-wasm 4.22.0: a cast to bool takes the integer part modulo 256, so 0.5, -0.5 and 256 are
# false, and 2 is a true that differs from true.
#
# Its Cast copies the numbers into bytes, as JavaScript does between typed arrays, instead of comparing them with 0.
# Numbers above 1 stay in the tensor: back as int32 they are 2 or 3 instead of 1, the number of true elements is wrong,
# and logicalNot of 2 is 3, which is true. The CPU backend of the same release compares with 0, and so does TensorFlow;
# tf.cast has no other documentation for WebAssembly.
#
# Expected: the numbers of the CPU backend.
# What helps: tf.notEqual(x, 0) instead of a cast to bool.
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
for (const backend of ['cpu', 'wasm']) {
  await tf.setBackend(backend);
  const x = tf.tensor1d([0, 1, 0.5, -0.5, 256, 2]);
  const masks = { cast: tf.cast(x, 'bool'), 'not equal': tf.notEqual(x, 0) };
  for (const [name, mask] of Object.entries(masks)) {
    const where = tf.where(mask, x, tf.fill([6], 9));
    console.log(
      `${backend}, ${name}: ${await tf.cast(mask, 'int32').data()}, sum ${await tf.sum(mask).data()}, ` +
        `not ${await tf.logicalNot(mask).data()}, where ${await where.data()}`,
    );
  }
}
EOF

expected='cpu, cast: 0,1,1,1,1,1, sum 5, not 1,0,0,0,0,0, where 9,1,0.5,-0.5,256,2
cpu, not equal: 0,1,1,1,1,1, sum 5, not 1,0,0,0,0,0, where 9,1,0.5,-0.5,256,2
wasm, cast: 0,1,0,0,0,2, sum 3, not 1,0,1,1,1,3, where 9,1,9,9,9,2
wasm, not equal: 0,1,1,1,1,1, sum 5, not 1,0,0,0,0,0, where 9,1,0.5,-0.5,256,2'
seen=$(node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
