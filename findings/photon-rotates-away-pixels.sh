#!/usr/bin/env bash
# @silvia-odwyer/photon-node 0.3.4 (npm; images in WebAssembly, from Rust): a picture that is turned by 90, 180 or 270
# degrees loses columns and rows and moves, its last pixel keeps its brightness, and filters make its border transparent.
#
# - rotate() shears a picture three times. Pixels fall out of it on the way, so of 6 x 4 pixels turned by 180 degrees a
#   column and a row are missing and the rest lies beside its place; turned by 90 degrees, half of them are missing. Of
#   larger pictures fewer are lost, but a single one is where it belongs. By 0 and 360 degrees it is a copy.
# - adjust_brightness, inc_brightness and dec_brightness stop before the last pixel.
# - box_blur, sharpen and the other filters of 3 x 3 leave out the pixels at the border: these get the color and the
#   opacity 0. So a picture that is filtered and saved as JPEG has a black frame. gaussian_blur is right.
#
# The documentation names none of these.
# Expected: the pixels of the picture in their new places, as fliph and flipv together give them for 180 degrees; the
# same change for all pixels; and at the border a color of what is near.
# What helps: fliph and flipv for 180 degrees; sharp or jimp for the others.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error @silvia-odwyer/photon-node@0.3.4 >/dev/null

cat >program.js <<'EOF'
import photon from '@silvia-odwyer/photon-node';

/** A picture of gray levels that are all different if there are no more than 255. */
function make(width, height) {
  const levels = Array.from({ length: width * height }, (_, index) => (index % 255) + 1);
  return new photon.PhotonImage(new Uint8Array(levels.flatMap((level) => [level, level, level, 255])), width, height);
}

/** The levels as rows, where "-" is a transparent pixel. */
function rows(image) {
  const [width, pixels] = [image.get_width(), image.get_raw_pixels()];
  return Array.from({ length: image.get_height() }, (_, y) =>
    Array.from({ length: width }, (_, x) => {
      const at = (y * width + x) * 4;
      return pixels[at + 3] === 0 ? '-' : pixels[at];
    }),
  );
}

const text = (lines) => lines.map((line) => line.join(' ')).join(' | ');
const turned = (lines) => lines[0].map((_, x) => lines.map((line) => line[x]).reverse());

function flipped(image) {
  photon.fliph(image);
  photon.flipv(image);
  return rows(image);
}

console.log('the picture:', text(rows(make(6, 4))));
for (const degrees of [90, 180, 270, 360]) {
  console.log(`turned by ${degrees}: ${text(rows(photon.rotate(make(6, 4), degrees)))}`);
  let expected = rows(make(6, 4));
  for (let turns = 0; turns < degrees / 90; turns++) expected = turned(expected);
  console.log(`  expected: ${text(expected)}`);
}
console.log(`fliph and flipv: ${text(flipped(make(6, 4)))}`);

for (const [width, height] of [[6, 4], [32, 32], [224, 224], [640, 480]]) {
  const expected = flipped(make(width, height)).flat();
  const seen = rows(photon.rotate(make(width, height), 180)).flat();
  const lost = expected.length - seen.filter((level) => level !== '-').length;
  const right = seen.filter((level, index) => level === expected[index]).length;
  console.log(`${width} x ${height} turned by 180: ${right} of ${expected.length} pixels are right, ${lost} are lost`);
}

for (const [title, change] of [
  ['inc_brightness by 100', (image) => photon.inc_brightness(image, 100)],
  ['adjust_brightness by 50', (image) => photon.adjust_brightness(image, 50)],
  ['box_blur', photon.box_blur],
  ['sharpen', photon.sharpen],
  ['gaussian_blur', (image) => photon.gaussian_blur(image, 1)],
]) {
  const image = make(6, 4);
  change(image);
  console.log(`${title}: ${text(rows(image))}`);
}
EOF

expected='the picture: 1 2 3 4 5 6 | 7 8 9 10 11 12 | 13 14 15 16 17 18 | 19 20 21 22 23 24
turned by 90: 19 1 - - | 21 3 - - | 22 4 - - | 23 5 - - | 24 6 - - | - - - -
  expected: 19 13 7 1 | 20 14 8 2 | 21 15 9 3 | 22 16 10 4 | 23 17 11 5 | 24 18 12 6
turned by 180: 24 21 20 19 - - | 12 9 8 7 - - | 6 3 2 1 - - | - - - - - -
  expected: 24 23 22 21 20 19 | 18 17 16 15 14 13 | 12 11 10 9 8 7 | 6 5 4 3 2 1
turned by 270: 6 24 - - | 4 22 - - | 3 21 - - | 2 20 - - | 1 19 - - | - - - -
  expected: 6 12 18 24 | 5 11 17 23 | 4 10 16 22 | 3 9 15 21 | 2 8 14 20 | 1 7 13 19
turned by 360: 1 2 3 4 5 6 | 7 8 9 10 11 12 | 13 14 15 16 17 18 | 19 20 21 22 23 24
  expected: 1 2 3 4 5 6 | 7 8 9 10 11 12 | 13 14 15 16 17 18 | 19 20 21 22 23 24
fliph and flipv: 24 23 22 21 20 19 | 18 17 16 15 14 13 | 12 11 10 9 8 7 | 6 5 4 3 2 1
6 x 4 turned by 180: 1 of 24 pixels are right, 12 are lost
32 x 32 turned by 180: 1 of 1024 pixels are right, 94 are lost
224 x 224 turned by 180: 1 of 50176 pixels are right, 670 are lost
640 x 480 turned by 180: 1 of 307200 pixels are right, 1598 are lost
inc_brightness by 100: 101 102 103 104 105 106 | 107 108 109 110 111 112 | 113 114 115 116 117 118 | 119 120 121 122 123 24
adjust_brightness by 50: 51 52 53 54 55 56 | 57 58 59 60 61 62 | 63 64 65 66 67 68 | 69 70 71 72 73 24
box_blur: - - - - - - | - 8 9 10 11 - | - 14 15 16 17 - | - - - - - -
sharpen: - - - - - - | - 8 9 10 11 - | - 14 15 16 17 - | - - - - - -
gaussian_blur: 5 6 7 7 8 8 | 7 8 9 9 10 10 | 11 12 13 13 14 14 | 14 15 16 16 17 17'
seen=$(node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
