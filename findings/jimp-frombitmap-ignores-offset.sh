#!/usr/bin/env bash
# jimp 1.6.1: fromBitmap ignores where in its memory a typed array begins, so each of the frames that lie one after the
# other becomes the first one.
#
# Decoders of animations and videos, and WebAssembly modules, give the frames as views of one memory, and subarray()
# cuts such views. fromBitmap copies the whole memory behind the view from its start: the picture has the right width
# and height, the pixels are those at the start, and its data is longer than the picture. Neither TypeScript's types nor
# the documentation of fromBitmap restrict it, and the constructor of Jimp takes the same frame as it is.
#
# Expected: the pixels of the frame, as sharp 0.35.5 gives them.
# What helps: a copy, frame.slice(), or new Jimp() with a Buffer of the frame.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error jimp@1.6.1 sharp@0.35.5 >/dev/null

cat >program.js <<'EOF'
import { Jimp } from 'jimp';
import sharp from 'sharp';

const [width, height, channels] = [2, 2, 4];
const colors = ['ff0000ff', '00ff00ff', '0000ffff'];
const size = width * height * channels;
const frames = new Uint8Array(colors.length * size);
colors.forEach((color, index) => frames.set(Buffer.from(color.repeat(width * height), 'hex'), index * size));

const first = (data) => Buffer.from(data.subarray(0, channels)).toString('hex');
for (const [index, color] of colors.entries()) {
  const frame = frames.subarray(index * size, (index + 1) * size);
  const jimp = (data) => Jimp.fromBitmap({ data, width, height });
  const decoded = await Jimp.read(await jimp(frame).getBuffer('image/png'));
  const reference = await sharp(frame, { raw: { width, height, channels } }).png().toBuffer();
  console.log(
    `frame of ${color}: jimp ${first(decoded.bitmap.data)}, of a copy ${first(jimp(frame.slice()).bitmap.data)}, ` +
      `sharp ${first(await sharp(reference).raw().toBuffer())}`,
  );
}
EOF

expected='frame of ff0000ff: jimp ff0000ff, of a copy ff0000ff, sharp ff0000ff
frame of 00ff00ff: jimp ff0000ff, of a copy 00ff00ff, sharp 00ff00ff
frame of 0000ffff: jimp ff0000ff, of a copy 0000ffff, sharp 0000ffff'
seen=$(node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
