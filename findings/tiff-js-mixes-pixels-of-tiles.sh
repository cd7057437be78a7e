#!/usr/bin/env bash
# tiff 7.1.3 (which image-js 1.7.0 decodes TIFF with): pictures in tiles have wrong pixels if they have colors or a
# predictor.
#
# - A tile holds all samples of a pixel one after the other, as a strip does. tiff takes a tile for one sample per
#   pixel, so the red of a pixel is a red, green or blue of another one, and its green and blue are 0. Only a third of
#   each tile is read, whatever the compression.
# - With a predictor the differences start anew in each row of a tile. tiff sums them up over a row of the picture, so
#   gray pixels are wrong right of the first tile.
#
# Tiles are usual for large pictures: slides of microscopes, maps and what libvips or GDAL writes for them. tiff throws
# an error for types of pictures that it does not support. It has code for tiles, and its README says that it can decode
# "greyscale and RGB images"; strips, and gray tiles without a predictor, are right.
#
# Expected: the pixels that sharp 0.35.5 (libvips) was given, which geotiff 3.0.5 reads.
# What helps: geotiff or sharp as the decoder, or strips.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error \
  tiff@7.1.3 image-js@1.7.0 geotiff@3.0.5 sharp@0.35.5 >/dev/null

cat >program.js <<'EOF'
import { fromArrayBuffer } from 'geotiff';
import { decode as decodeImage } from 'image-js';
import sharp from 'sharp';
import { decode } from 'tiff';

const [width, height] = [32, 16];

/** How many samples are not as expected, and the pixel 20 of the second row. */
function compare(data, expected, channels) {
  const wrong = expected.filter((value, index) => data[index] !== value).length;
  const pixel = [...data.slice((width + 20) * channels, (width + 21) * channels)];
  return `${wrong ? `${wrong} of ${expected.length} wrong` : 'right'} [${pixel}]`;
}

for (const channels of [1, 3])
  for (const tile of [false, true])
    for (const [compression, predictor] of [
      ['none', 'none'],
      ['lzw', 'none'],
      ['lzw', 'horizontal'],
      ['deflate', 'horizontal'],
    ]) {
      const pixels = Array.from({ length: width * height * channels }, (_, index) => (index * 7) % 251);
      const image = sharp(Buffer.from(pixels), { raw: { width, height, channels } });
      const file = await image
        .toColourspace(channels === 1 ? 'b-w' : 'srgb')
        .tiff({ compression, predictor, tile, tileWidth: 16, tileHeight: 16 })
        .toBuffer();
      const bytes = new Uint8Array(file).buffer;
      const raster = await (await (await fromArrayBuffer(bytes)).getImage()).readRasters({ interleave: true });
      const title = `${channels === 1 ? 'gray' : 'RGB'}, ${tile ? 'tiles' : 'strips'}, ${compression}, ${predictor}`;
      console.log(`${title}: geotiff ${compare(raster, pixels, channels)}`);
      console.log(`  tiff ${compare(decode(bytes)[0].data, pixels, channels)}`);
      console.log(`  image-js ${compare(decodeImage(new Uint8Array(bytes)).getRawImage().data, pixels, channels)}`);
    }
EOF

expected='gray, strips, none, none: geotiff right [113]
  tiff right [113]
  image-js right [113]
gray, strips, lzw, none: geotiff right [113]
  tiff right [113]
  image-js right [113]
gray, strips, lzw, horizontal: geotiff right [113]
  tiff right [113]
  image-js right [113]
gray, strips, deflate, horizontal: geotiff right [113]
  tiff right [113]
  image-js right [113]
gray, tiles, none, none: geotiff right [113]
  tiff right [113]
  image-js right [113]
gray, tiles, lzw, none: geotiff right [113]
  tiff right [113]
  image-js right [113]
gray, tiles, lzw, horizontal: geotiff right [113]
  tiff 256 of 512 wrong [191]
  image-js 256 of 512 wrong [191]
gray, tiles, deflate, horizontal: geotiff right [113]
  tiff 256 of 512 wrong [191]
  image-js 256 of 512 wrong [191]
RGB, strips, none, none: geotiff right [88,95,102]
  tiff right [88,95,102]
  image-js right [88,95,102]
RGB, strips, lzw, none: geotiff right [88,95,102]
  tiff right [88,95,102]
  image-js right [88,95,102]
RGB, strips, lzw, horizontal: geotiff right [88,95,102]
  tiff right [88,95,102]
  image-js right [88,95,102]
RGB, strips, deflate, horizontal: geotiff right [88,95,102]
  tiff right [88,95,102]
  image-js right [88,95,102]
RGB, tiles, none, none: geotiff right [88,95,102]
  tiff 1530 of 1536 wrong [225,0,0]
  image-js 1530 of 1536 wrong [225,0,0]
RGB, tiles, lzw, none: geotiff right [88,95,102]
  tiff 1530 of 1536 wrong [225,0,0]
  image-js 1530 of 1536 wrong [225,0,0]
RGB, tiles, lzw, horizontal: geotiff right [88,95,102]
  tiff 1531 of 1536 wrong [185,0,0]
  image-js 1531 of 1536 wrong [185,0,0]
RGB, tiles, deflate, horizontal: geotiff right [88,95,102]
  tiff 1531 of 1536 wrong [185,0,0]
  image-js 1531 of 1536 wrong [185,0,0]'
seen=$(node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
