#!/usr/bin/env bash
# @huggingface/transformers 4.3.2: norm() and normalize() of a tensor take no absolute values, so with an odd order,
# p=1 among them, the norm is wrong, often negative or NaN.
#
# Both raise the values to the power p, add them up and take the root. For p=2, the default, that is the norm. For p=1
# it is the plain sum: of a vector with numbers of both signs it is too small or negative, and normalize(1), which
# divides by it, turns signs around and makes large values of small ones; for p=3 and a negative sum the root is NaN.
# Embeddings have both signs. The methods' comments say "the order of norm" and the "exponent value in the norm
# formulation", as PyTorch's do, and name no exception.
#
# Expected: the numbers of PyTorch 2.15.0, below in the right column.
# What helps: a tensor of data.map(Math.abs) for the norm, and dividing by it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error @huggingface/transformers@4.3.2 >/dev/null

cat >program.js <<'EOF'
import { Tensor } from '@huggingface/transformers';

const x = new Tensor('float32', Float32Array.of(3, -4, 0.5), [1, 3]);
const text = (tensor) => [...tensor.data].map((value) => Number(value.toFixed(3))).join(' ');
for (const [p, norm, normalized] of [
  [1, '7.5', '0.4 -0.533 0.067'],
  [2, '5.025', '0.597 -0.796 0.1'],
  [3, '4.5', '0.667 -0.889 0.111'],
]) {
  console.log(`norm(${p}): ${text(x.norm(p, 1))}, PyTorch: ${norm}`);
  console.log(`normalize(${p}): ${text(x.normalize(p, 1))}, PyTorch: ${normalized}`);
}
const absolute = new Tensor('float32', x.data.map(Math.abs), x.dims);
console.log(`norm(1) of absolute values: ${text(absolute.norm(1, 1))}`);
EOF

expected='norm(1): -0.5, PyTorch: 7.5
normalize(1): -6 8 -1, PyTorch: 0.4 -0.533 0.067
norm(2): 5.025, PyTorch: 5.025
normalize(2): 0.597 -0.796 0.1, PyTorch: 0.597 -0.796 0.1
norm(3): NaN, PyTorch: 4.5
normalize(3): NaN NaN NaN, PyTorch: 0.667 -0.889 0.111
norm(1) of absolute values: 7.5'
seen=$(ORT_DISABLE_TELEMETRY=1 node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
