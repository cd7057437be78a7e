#!/usr/bin/env bash
# @huggingface/transformers 4.3.2: squeeze(-1) of a tensor does nothing, to('bool') takes 0.5 and 256 for false, and
# to('int64') rounds down, while to('int32') cuts off.
#
# squeeze compares the dimension that it is given with those from 0 on, so a negative one matches none: the tensor keeps
# its shape, and of several only the others go. unsqueeze, flatten, mean and sum do count from the end. to copies the
# numbers into an array of the new type: for bool that is a byte, which is the integer part modulo 256, so a mask of
# numbers loses some and keeps a true that is 2; -0.2 is -1 as int64 and 0 as int32. Nothing warns. The comments say
# "squeezed only in the specified dimensions" and "the converted tensor".
#
# Expected: what PyTorch 2.15.0 gives, below in the right column, whose methods these are modelled on.
# What helps: dimensions from 0; a map to 0 and 1, or with Math.trunc, before the conversion.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error @huggingface/transformers@4.3.2 >/dev/null

cat >program.js <<'EOF'
import { Tensor } from '@huggingface/transformers';

const logits = new Tensor('float32', Float32Array.of(1, 2, 3), [1, 3, 1]);
for (const [dimensions, shape] of [
  [2, '1x3'],
  [-1, '1x3'],
  [[0, -1], '3'],
]) {
  console.log(`squeeze(${JSON.stringify(dimensions)}): ${logits.squeeze(dimensions).dims.join('x')}, PyTorch: ${shape}`);
}
const x = new Tensor('float32', Float32Array.of(0, 1, 0.5, 256, 2, -0.2, -1.7), [7]);
for (const [type, numbers] of [
  ['bool', '0 1 1 1 1 1 1'],
  ['int32', '0 1 0 256 2 0 -1'],
  ['int64', '0 1 0 256 2 0 -1'],
]) {
  console.log(`to ${type}: ${x.to(type).data.join(' ')}, PyTorch: ${numbers}`);
}
EOF

expected='squeeze(2): 1x3, PyTorch: 1x3
squeeze(-1): 1x3x1, PyTorch: 1x3
squeeze([0,-1]): 3x1, PyTorch: 3
to bool: 0 1 0 0 2 0 255, PyTorch: 0 1 1 1 1 1 1
to int32: 0 1 0 256 2 0 -1, PyTorch: 0 1 0 256 2 0 -1
to int64: 0 1 0 256 2 -1 -2, PyTorch: 0 1 0 256 2 0 -1'
seen=$(ORT_DISABLE_TELEMETRY=1 node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
