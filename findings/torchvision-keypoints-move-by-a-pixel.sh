#!/usr/bin/env bash
# torchvision 0.29.2: flips move KeyPoints by one pixel against the picture, its boxes and what other transforms do, and
# elastic transforms drop the fractions of coordinates.
#
# - Rotations, resizing and affine transforms count from the corner of the first pixel, as BoundingBoxes do, so that a
#   point at x becomes width - x. Flips count from its center and give width - 1 - x, so both flips together are not a
#   rotation by 180 degrees. If points are given as indices of pixels instead, flips are right, but rotations and
#   resizing are wrong. Boxes are right with both.
# - Elastic rounds the coordinates of points down and those of boxes up, even where nothing is displaced, so a point at
#   21.9 moves by almost a pixel.
#
# The documentation does not say what the coordinates count from, nor that they are rounded, and nothing warns. On the
# small pictures that models of poses take, a pixel of noise in half of the labels is much.
# Expected: the center of what is drawn around the point, as it lies in the transformed picture; and no movement without
# a displacement.
# What helps: to add 1 to the coordinate of points that a flip changes; and integers as coordinates for elastic.
# Needs Python 3 with pip, instead of Node.js, and downloads some gigabytes, as torch from PyPI brings CUDA.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target packages \
  torchvision==0.29.2 torch==2.15.0 numpy==2.4.6

cat >program.py <<'PROGRAM'
import torch
from torchvision import tv_tensors
from torchvision.transforms.v2 import functional

HEIGHT, WIDTH = 41, 61


def show(title, transform):
    """What a square of 3 pixels, its box, its center and that center as the index of a pixel become."""
    image = torch.zeros(1, HEIGHT, WIDTH)
    image[:, 12:15, 20:23] = 1
    size = (HEIGHT, WIDTH)
    box = tv_tensors.BoundingBoxes([[20.0, 12, 23, 15]], format="XYXY", canvas_size=size)
    rows, columns = torch.nonzero(transform(image)[0] > 0.5, as_tuple=True)
    centers = [torch.stack([columns, rows]).float().mean(1)]
    for offset in [0.0, 0.5]:
        point = tv_tensors.KeyPoints([[21 + offset, 13 + offset]], canvas_size=size)
        centers.append(transform(point)[0] - offset)
    centers.append(transform(box).reshape(2, 2).mean(0) - 0.5)
    names = ["image", "point as index", "point", "box"]
    texts = [f"{name} {x:.4g} {y:.4g}" for name, (x, y) in zip(names, (c.tolist() for c in centers), strict=True)]
    print(f"{title}: {', '.join(texts)}")


show("nothing", lambda x: functional.affine(x, 0, [0, 0], 1, [0, 0]))
show("crop", lambda x: functional.crop(x, 5, 5, 20, 30))
show("resize by 3", lambda x: functional.resize(x, [3 * HEIGHT, 3 * WIDTH]))
show("rotate by 90", lambda x: functional.rotate(x, 90, expand=True))
show("rotate by 180", lambda x: functional.rotate(x, 180))
show("horizontal_flip", functional.horizontal_flip)
show("both flips", lambda x: functional.vertical_flip(functional.horizontal_flip(x)))

field = torch.zeros(1, HEIGHT, WIDTH, 2)
for x in [21.0, 21.1, 21.5, 21.9]:
    point = tv_tensors.KeyPoints([[x, 13]], canvas_size=(HEIGHT, WIDTH))
    box = tv_tensors.BoundingBoxes([[x, 13, x + 5, 18]], format="XYXY", canvas_size=(HEIGHT, WIDTH))
    (moved, _), (left, *_) = functional.elastic(point, field)[0], functional.elastic(box, field)[0]
    print(f"elastic without a displacement, {x}: point {moved:.4g}, box from {left:.4g}")
PROGRAM

expected='nothing: image 21 13, point as index 21 13, point 21 13, box 21 13
crop: image 16 8, point as index 16 8, point 16 8, box 16 8
resize by 3: image 64 40, point as index 63 39, point 64 40, box 64 40
rotate by 90: image 13 39, point as index 13 40, point 13 39, box 13 39
rotate by 180: image 39 27, point as index 40 28, point 39 27, box 39 27
horizontal_flip: image 39 13, point as index 39 13, point 38 13, box 39 13
both flips: image 39 27, point as index 39 27, point 38 26, box 39 27
elastic without a displacement, 21.0: point 21, box from 21
elastic without a displacement, 21.1: point 21, box from 22
elastic without a displacement, 21.5: point 21, box from 22
elastic without a displacement, 21.9: point 21, box from 22'
seen=$(PYTHONPATH=packages python3 program.py 2>/dev/null)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
