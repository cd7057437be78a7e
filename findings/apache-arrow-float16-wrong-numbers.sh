#!/usr/bin/env bash
# apache-arrow 21.2.0: some numbers become quite other numbers when they are written to a Float16 column, without a
# message.
#
# Its own rounding to 16 bits (float64ToUint16 in util/math), which vectors, builders and set() share, goes wrong in
# three places:
# - numbers that round up to 0.5, 2, 8, 32 and so on become half of that, as the carry is lost;
# - whole numbers from 65536 on become small ones instead of Infinity;
# - most numbers below 2^-25 become -Infinity, NaN or larger ones instead of 0.
# Probabilities show it most: of numbers between 1e-12 and 1, spread evenly over the powers of ten, a third came back
# wrong, and others of the same column are right. Reading is right. Arrow's table of implementations lists Float16 for
# JavaScript.
#
# Expected: the nearest float16, as NumPy and Node.js 24's Float16Array give it.
# What helps: rounding with one of these or with a library, and makeData with a Uint16Array of the bits.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error \
  apache-arrow@21.2.0 @petamoriken/float16@3.9.3 >/dev/null

cat >program.js <<'EOF'
import { Float16Array } from '@petamoriken/float16';
import { Float16, makeData, makeVector, vectorFromArray } from 'apache-arrow';

const numbers = [0.1, 0.4999, 0.9999, 1.9999, 70000, 1e-7, 1e-8, 5e-9, 1e-9];
const type = new Float16();
const written = vectorFromArray(numbers, type);
const data = new Uint16Array(new Float16Array(numbers).buffer);
const fromBits = makeVector(makeData({ type, length: numbers.length, data }));
numbers.forEach((number, at) => {
  const [own, right] = [written, fromBits].map((vector) => Number(vector.get(at).toPrecision(4)));
  console.log(`${number}: ${own}${own === right ? '' : ` instead of ${right}`}`);
});
EOF

expected='0.1: 0.09998
0.4999: 0.25 instead of 0.5
0.9999: 1
1.9999: 1 instead of 2
70000: 2.135 instead of Infinity
1e-7: 1.192e-7
1e-8: -Infinity instead of 0
5e-9: NaN instead of 0
1e-9: 0.00004196 instead of 0'
seen=$(node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
