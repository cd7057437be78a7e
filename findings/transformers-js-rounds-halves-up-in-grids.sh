#!/usr/bin/env bash
# @huggingface/transformers 4.3.2: for some pictures, 1280 x 720 among them, the processor of Qwen2-VL, Qwen3-VL and
# others makes another grid than Python's, so the model sees another size and another number of image tokens.
#
# Within the limits of a configuration, each side is rounded to a multiple of 28 or 32 pixels. Python's round() takes a
# half to the even neighbour, JavaScript's Math.round() takes it up: 720 / 32 is 22.5, which becomes 22 or 23. So the
# picture is made larger instead of smaller, and below it has 920 tokens for 880, all of which are computed. That is one
# side length in 56 or 64, but common ones: 720 and 848 with 32, 1022 with 28. Where one program makes the prompt and
# another one the embeddings, their numbers of tokens differ. Nothing tells. The same source file rounds as Python does
# for DPT (bankers_round), but not here (smart_resize), whose comment states the conditions of Python's function.
#
# Expected: the grid of Python's transformers 5.24.0.
# What helps: resizing to Python's size before, where a side is 14 more than a multiple of 56 or 16 more than one of 64
# (720 to 704 below).
# Needs Python 3 with pip, too.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error @huggingface/transformers@4.3.2 >/dev/null &
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target packages \
  transformers==5.24.0 numpy==2.4.6 pillow==13.0.0
wait $!

# The configuration is that of Qwen3-VL.
cat >config.json <<'EOF'
{
  "size": { "shortest_edge": 65536, "longest_edge": 16777216 },
  "patch_size": 16, "temporal_patch_size": 2, "merge_size": 2,
  "do_resize": true, "resample": 3, "do_rescale": true, "do_normalize": false
}
EOF
cat >program.py <<'EOF'
import json

from PIL import Image
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

with open("config.json") as file:
    processor = Qwen2VLImageProcessorPil(**json.load(file))
for size in [(640, 480), (848, 480), (1280, 720), (1280, 704)]:
    _, height, width = processor(images=Image.new("RGB", size), return_tensors="np")["image_grid_thw"][0]
    print(f"Python, {size[0]} x {size[1]}: {width} x {height} patches, {width * height // 4} tokens")
EOF
cat >program.js <<'EOF'
import { readFileSync } from 'node:fs';
import { Qwen2VLImageProcessor, RawImage } from '@huggingface/transformers';

const processor = new Qwen2VLImageProcessor(JSON.parse(readFileSync('config.json', 'utf8')));
for (const [width, height] of [[640, 480], [848, 480], [1280, 720], [1280, 704]]) {
  const picture = new RawImage(new Uint8ClampedArray(width * height * 3), width, height, 3);
  const { image_grid_thw: grid } = await processor(picture);
  const [, down, across] = [...grid.data].map(Number);
  console.log(`JavaScript, ${width} x ${height}: ${across} x ${down} patches, ${(across * down) / 4} tokens`);
}
EOF

expected='Python, 640 x 480: 40 x 30 patches, 300 tokens
Python, 848 x 480: 52 x 30 patches, 390 tokens
Python, 1280 x 720: 80 x 44 patches, 880 tokens
Python, 1280 x 704: 80 x 44 patches, 880 tokens
JavaScript, 640 x 480: 40 x 30 patches, 300 tokens
JavaScript, 848 x 480: 54 x 30 patches, 405 tokens
JavaScript, 1280 x 720: 80 x 46 patches, 920 tokens
JavaScript, 1280 x 704: 80 x 44 patches, 880 tokens'
seen=$(PYTHONPATH=packages TRANSFORMERS_VERBOSITY=error python3 program.py && ORT_DISABLE_TELEMETRY=1 node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
