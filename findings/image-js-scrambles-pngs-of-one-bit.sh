#!/usr/bin/env bash
# image-js 1.7.0: gray PNGs of one bit a pixel, such as masks, are decoded wrongly from 8 pixels of width on, and those
# with a palette of 2 to 16 colors are skewed where the width does not fill the last byte of a row.
#
# A row of a PNG ends with a full byte (PNG specification, section 7.2). For gray of one bit image-js leaves out the
# spare bits of each row's first byte instead of its last one; where no bits are spare, it leaves out the whole byte.
# So a mask 8 pixels wide is black, and of one 16 pixels wide the left half is gone. With a palette, the spare bits are
# taken for pixels, so each row is shifted against the one above. Pillow writes images of mode "1" as such gray PNGs,
# and sharp and pngquant make palettes of few bits. The package that image-js decodes with, fast-png, has a right
# conversion of palettes (convertIndexedToRgb). Nothing warns.
#
# Expected: the same as from pngjs 7.0.0, in every line.
# What helps: another decoder, or PNGs of 8 bits.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error image-js@1.7.0 pngjs@7.0.0 >/dev/null

cat >program.js <<'EOF'
import { crc32, deflateSync } from 'node:zlib';
import { decode } from 'image-js';
import { PNG } from 'pngjs';

function chunk(name, data) {
  const body = Buffer.concat([Buffer.from(name), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}

/** A PNG of rows of zeros and ones, which are black and white. */
function png(rows, bits, palette) {
  const header = Buffer.from([0, 0, 0, rows[0].length, 0, 0, 0, rows.length, bits, palette ? 3 : 0, 0, 0, 0]);
  const bytes = rows.flatMap((row) => {
    const digits = [...row].map((digit) => digit.padStart(bits, '0')).join('');
    return [0, ...digits.match(/.{1,8}/g).map((byte) => parseInt(byte.padEnd(8, '0'), 2))];
  });
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    ...(palette ? [chunk('PLTE', Buffer.from([0, 0, 0, 255, 255, 255]))] : []),
    chunk('IDAT', deflateSync(Buffer.from(bytes))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** The rows of an image as they were given: the first channel, 1 for white. */
function text(data, channels, width) {
  const pixels = [...data].filter((_, index) => index % channels === 0).map((value) => (value > 127 ? 1 : 0));
  return pixels.join('').match(new RegExp(`.{${width}}`, 'g')).join(' ');
}

for (const [title, bits, palette] of [
  ['gray, 1 bit', 1, false],
  ['palette, 1 bit', 1, true],
  ['palette, 4 bits', 4, true],
])
  for (const rows of [['11000', '11111'], ['11100000', '11111111'], ['111110000', '111111111'], ['1111111100000000']]) {
    const file = png(rows, bits, palette);
    const image = decode(file);
    const seen = text(image.getRawImage().data, image.channels, rows[0].length);
    const expected = text(PNG.sync.read(file).data, 4, rows[0].length);
    console.log(`${title}: pngjs ${expected}, image-js ${seen === expected ? 'the same' : seen}`);
  }
EOF

expected='gray, 1 bit: pngjs 11000 11111, image-js the same
gray, 1 bit: pngjs 11100000 11111111, image-js 00000000 00000000
gray, 1 bit: pngjs 111110000 111111111, image-js 100000000 110000000
gray, 1 bit: pngjs 1111111100000000, image-js 0000000000000000
palette, 1 bit: pngjs 11000 11111, image-js 11000 00011
palette, 1 bit: pngjs 11100000 11111111, image-js the same
palette, 1 bit: pngjs 111110000 111111111, image-js 111110000 000000011
palette, 1 bit: pngjs 1111111100000000, image-js the same
palette, 4 bits: pngjs 11000 11111, image-js 11000 01111
palette, 4 bits: pngjs 11100000 11111111, image-js the same
palette, 4 bits: pngjs 111110000 111111111, image-js 111110000 011111111
palette, 4 bits: pngjs 1111111100000000, image-js the same'
seen=$(node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
