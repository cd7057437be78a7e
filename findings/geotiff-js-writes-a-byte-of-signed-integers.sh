#!/usr/bin/env bash
# geotiff 3.0.5: writeArrayBuffer writes only the last byte of each number of an Int16Array or Int32Array, so heights
# below sea level, temperatures and other signed numbers become unrelated ones.
#
# The file says rightly that its samples are signed and have 16 or 32 bits. The data that follows has one byte for each
# number, without a gap, and zeros after it. So a reader takes the bytes of two or four numbers for one, and the rest is
# 0. Typed arrays of floating-point and unsigned numbers, and Int8Array, are written rightly. It is the same if the
# metadata names the type (BitsPerSample and SampleFormat). Neither the README nor the types of TypeScript restrict the
# arrays, and nothing warns.
#
# Expected: the bytes of the numbers, big-endian as the rest of the file, and so the numbers when geotiff reads it.
# What helps: Float32Array.from(numbers) for 16 bits and Float64Array.from(numbers) for 32, which hold them exactly.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error geotiff@3.0.5 >/dev/null

cat >program.js <<'EOF'
import { fromArrayBuffer, writeArrayBuffer } from 'geotiff';

async function write(title, values, metadata) {
  const file = await writeArrayBuffer(values, { width: 3, height: 2, ...metadata });
  const image = await (await fromArrayBuffer(file)).getImage();
  const seen = [...(await image.readRasters({ interleave: true }))];
  const [offset] = await image.fileDirectory.loadValue('StripOffsets');
  const bytes = Buffer.from(file, offset, values.byteLength).toString('hex');
  const same = values.every((number, index) => number === seen[index]);
  console.log(`${title}, ${image.getBitsPerSample()} bits, format ${image.getSampleFormat()}: ${bytes}`);
  console.log(`  [${values.join(', ')}] ${same ? 'the same' : `becomes [${seen.join(', ')}]`}`);
}

const numbers = [-300, -2, -1, 0, 1, 1000];
await write('Int8Array', Int8Array.of(-100, -2, -1, 0, 1, 100));
await write('Uint16Array', Uint16Array.from(numbers, Math.abs));
await write('Float32Array', Float32Array.from(numbers));
await write('Int16Array', Int16Array.from(numbers));
await write('Int32Array', Int32Array.from(numbers));
await write('Int16Array, named', Int16Array.from(numbers), { BitsPerSample: [16], SampleFormat: [2] });
EOF

expected='Int8Array, 8 bits, format 2: 9cfeff000164
  [-100, -2, -1, 0, 1, 100] the same
Uint16Array, 16 bits, format 1: 012c000200010000000103e8
  [300, 2, 1, 0, 1, 1000] the same
Float32Array, 32 bits, format 3: c3960000c0000000bf800000000000003f800000447a0000
  [-300, -2, -1, 0, 1, 1000] the same
Int16Array, 16 bits, format 2: d4feff0001e8000000000000
  [-300, -2, -1, 0, 1, 1000] becomes [-11010, -256, 488, 0, 0, 0]
Int32Array, 32 bits, format 2: d4feff0001e8000000000000000000000000000000000000
  [-300, -2, -1, 0, 1, 1000] becomes [-721486080, 31981568, 0, 0, 0, 0]
Int16Array, named, 16 bits, format 2: d4feff0001e8000000000000
  [-300, -2, -1, 0, 1, 1000] becomes [-11010, -256, 488, 0, 0, 0]'
seen=$(node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
