#!/usr/bin/env bash
# decode-tiff 0.2.1 (npm): a gray TIFF gets colors, since green and blue are those of the next two pixels; 4 bits of gray
# give half of the pixels; and CMYK is given as RGBA.
#
# - Of a gray picture of 8 bits, red is the pixel itself, green the next one, blue the one after. So each edge gets a
#   colored seam, also at the border, where the next row follows; the sum of each channel stays nearly right, so means
#   and histograms show nothing.
# - Of 4 bits, each byte is one pixel instead of two, so data is half as long as width and height say, and each pixel is
#   the right one of a pair.
# - Whether a picture is RGB, inverted or CMYK is not read: where it is compared, it is set. Cyan is taken for red, black
#   for the opacity.
#
# The README lists 8 and 4 bits of gray as supported, four bytes per pixel, "R, G, B, A". RGB is right.
# Expected: what sharp 0.35.5 reads from the same file, or wrote into it; an error for CMYK, as for palettes.
# What helps: sharp, or tiff 7.1.3 of image-js for files without tiles; red as the gray level of 8 bits.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error decode-tiff@0.2.1 sharp@0.35.5 >/dev/null

cat >program.js <<'EOF'
import { decode } from 'decode-tiff';
import sharp from 'sharp';

const [width, height] = [6, 2];
const levels = [0, 0, 255, 255, 136, 136, 17, 34, 51, 68, 85, 102];
const text = (numbers, size) =>
  Array.from({ length: numbers.length / size }, (_, pixel) =>
    numbers.slice(pixel * size, pixel * size + size).join('/'),
  ).join(' ');

const raw = { width, height, channels: 1 };
const gray = sharp(Uint8Array.from(levels), { raw }).toColourspace('b-w');
const rgb = sharp(Uint8Array.from(levels.flatMap((level) => [level, 255 - level, 0])), { raw: { ...raw, channels: 3 } });
const red = sharp(Uint8Array.from(levels.flatMap(() => [255, 0, 0])), { raw: { ...raw, channels: 3 } });

for (const [title, picture, options] of [
  ['RGB', rgb, {}],
  ['8 bits of gray', gray, {}],
  ['4 bits of gray', gray, { bitdepth: 4 }],
  ['red as CMYK', red.toColourspace('cmyk'), {}],
]) {
  const file = await picture.clone().tiff({ compression: 'none', predictor: 'none', ...options }).toBuffer();
  const seen = decode(file);
  const { space } = await sharp(file).metadata();
  const expected = await sharp(file).toColourspace('srgb').ensureAlpha().raw().toBuffer();
  console.log(`${title} (${space}), ${seen.width} x ${seen.height}, ${seen.data.length / 4} pixels`);
  console.log(`  decode-tiff ${text(Array.from(seen.data), 4)}`);
  console.log(`  sharp       ${text(Array.from(expected), 4)}`);
}
EOF

expected='RGB (srgb), 6 x 2, 12 pixels
  decode-tiff 0/255/0/255 0/255/0/255 255/0/0/255 255/0/0/255 136/119/0/255 136/119/0/255 17/238/0/255 34/221/0/255 51/204/0/255 68/187/0/255 85/170/0/255 102/153/0/255
  sharp       0/255/0/255 0/255/0/255 255/0/0/255 255/0/0/255 136/119/0/255 136/119/0/255 17/238/0/255 34/221/0/255 51/204/0/255 68/187/0/255 85/170/0/255 102/153/0/255
8 bits of gray (b-w), 6 x 2, 12 pixels
  decode-tiff 0/0/255/255 0/255/255/255 255/255/136/255 255/136/136/255 136/136/17/255 136/17/34/255 17/34/51/255 34/51/68/255 51/68/85/255 68/85/102/255 85/102/0/255 102/0/0/255
  sharp       0/0/0/255 0/0/0/255 255/255/255/255 255/255/255/255 136/136/136/255 136/136/136/255 17/17/17/255 34/34/34/255 51/51/51/255 68/68/68/255 85/85/85/255 102/102/102/255
4 bits of gray (b-w), 6 x 2, 6 pixels
  decode-tiff 0/240/128/255 240/128/32/255 128/32/64/255 32/64/96/255 64/96/0/255 96/0/0/255
  sharp       0/0/0/255 0/0/0/255 255/255/255/255 255/255/255/255 136/136/136/255 136/136/136/255 17/17/17/255 34/34/34/255 51/51/51/255 68/68/68/255 85/85/85/255 102/102/102/255
red as CMYK (cmyk), 6 x 2, 12 pixels
  decode-tiff 0/255/255/0 0/255/255/0 0/255/255/0 0/255/255/0 0/255/255/0 0/255/255/0 0/255/255/0 0/255/255/0 0/255/255/0 0/255/255/0 0/255/255/0 0/255/255/0
  sharp       232/0/0/255 232/0/0/255 232/0/0/255 232/0/0/255 232/0/0/255 232/0/0/255 232/0/0/255 232/0/0/255 232/0/0/255 232/0/0/255 232/0/0/255 232/0/0/255'
seen=$(node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
