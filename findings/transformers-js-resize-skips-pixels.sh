#!/usr/bin/env bash
# @huggingface/transformers 4.3.2: on Node.js, making an image smaller with the bilinear or the bicubic filter skips
# most of its pixels.
#
# RawImage.resize, which the image processors call, leaves these two filters to sharp's affine(). It looks at 4 or 16
# pixels for each pixel of the result, however much smaller that is: at 4 of 240 for a 12-megapixel photo and a model of
# 224 x 224. Pillow, with whose pixels the models were trained, averages all of them, though a comment in the source
# says "This matches how the python Pillow library does it". Below, one column in four is white; four times smaller, the
# picture is all white, where Pillow 13.0.0 gives a mean of 64. With a random picture that has the spectrum of a photo,
# from 1200 x 900 to 224 x 224, the mean difference from Pillow was 11 of 255 levels, and the largest 72. The
# documentation of resize does not mention it.
#
# Expected: Pillow's pixels, give or take a few levels.
# What helps: the Lanczos filter (resample: 1), or making the image smaller with sharp's resize() before, with the
# kernel "linear" or "cubic". In that picture each was within 4 levels of Pillow's filter of the same kind.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error \
  @huggingface/transformers@4.3.2 sharp@0.35.5 >/dev/null

cat >program.js <<'EOF'
import { RawImage, ViTImageProcessor } from '@huggingface/transformers';
import sharp from 'sharp';

const [from, to] = [896, 224];
const pixels = Uint8ClampedArray.from({ length: from * from * 3 }, (_, at) => (Math.floor(at / 3) % 4 === 0 ? 255 : 0));
const picture = new RawImage(pixels, from, from, 3);
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const print = (name, value) => console.log(`${name}: ${Math.round(value)}`);

print('before', mean(pixels));
for (const [name, resample] of [['bilinear', 2], ['bicubic', 3], ['Lanczos', 1]])
  print(name, mean((await picture.resize(to, to, { resample })).data));
const processor = new ViTImageProcessor({
  do_resize: true, size: { width: to, height: to }, resample: 2, do_rescale: true, do_normalize: false,
});
print('bilinear, in a processor', mean((await processor(picture)).pixel_values.data) * 255);
const { data } = await sharp(pixels, { raw: { width: from, height: from, channels: 3 } })
  .resize(to, to, { kernel: 'linear' }).raw().toBuffer({ resolveWithObject: true });
print('linear, by sharp', mean(data));
EOF

expected='before: 64
bilinear: 255
bicubic: 255
Lanczos: 64
bilinear, in a processor: 255
linear, by sharp: 64'
seen=$(ORT_DISABLE_TELEMETRY=1 node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
