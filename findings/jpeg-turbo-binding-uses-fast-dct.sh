#!/usr/bin/env bash
# @julusian/jpeg-turbo 2.3.0: the pixels are not those that libjpeg-turbo gives by default.
#
# The binding decodes with TJFLAG_FASTDCT (src/decompress.cc), and no option turns it off: the less accurate inverse
# DCT, which libjpeg-turbo's own documentation advises against where quality matters. Other programs that use the same
# library with its defaults (libvips, Pillow, browsers) agree with each other to the bit, and not with this one. A model
# that was trained on Pillow's pixels gets others, and nothing tells.
#
# Expected: the accurate DCT, libjpeg's default, as for libvips.
# What helps: another decoder. The fast DCT saves little where there is SIMD.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error @julusian/jpeg-turbo@2.3.0 sharp@0.35.5 >/dev/null

cat >program.js <<'EOF'
import turbo from '@julusian/jpeg-turbo';
import sharp from 'sharp';

const [width, height] = [256, 256];
const pixels = Uint8Array.from({ length: width * height * 3 }, (_, at) => ((at * at) >> 9) & 255);
const jpeg = await sharp(pixels, { raw: { width, height, channels: 3 } })
  .jpeg({ quality: 95, chromaSubsampling: '4:4:4' })
  .toBuffer();
const expected = await sharp(jpeg).raw().toBuffer();
const { data } = turbo.decompressSync(jpeg, { format: turbo.FORMAT_RGB });
const differing = expected.filter((value, at) => value !== data[at]).length;
console.log(`same size: ${data.length === expected.length}\nsame samples: ${differing === 0}`);
console.log(`more than one in a hundred differ: ${differing > expected.length / 100}`);
EOF

expected='same size: true
same samples: false
more than one in a hundred differ: true'
seen=$(node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
