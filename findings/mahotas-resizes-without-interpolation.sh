#!/usr/bin/env bash
# mahotas 1.4.19 (computer vision in Python): pictures that are resized or shifted are not interpolated and lack their
# first row and column, convolutions are mirrored, and Euler numbers of what touches the border are fractions.
#
# - imresize, interpolate.zoom and interpolate.shift give the pixel after the position, rounded down, that they should
#   interpolate at, whatever the order. So a shift by 1 does nothing, and a picture of half the size is a pixel off,
#   with zeros in its last row and column, as those pixels would lie outside.
# - convolve and convolve1d do not mirror the weights, which is a correlation. Their documentation says convolution.
# - euler counts a quarter or a half of what lies at the lower or right border; its documentation says int.
# - majority_filter leaves a row and a column black for which it has all neighbors.
#
# Nothing warns, and the documentation has nothing of it. Gaussian filters, medians, labels and distances are right.
# Expected: the numbers of SciPy 1.17.1 and scikit-image 0.26.0, which have the same functions.
# What helps: scipy.ndimage.zoom, shift and convolve, and skimage.measure.euler_number; or weights[::-1, ::-1], and a
# border of zeros for euler.
# Needs Python 3.11 or newer with pip, instead of Node.js.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target packages \
  mahotas==1.4.19 scipy==1.17.1 scikit-image==0.26.0 numpy==2.4.6

cat >program.py <<'PROGRAM'
import mahotas
import numpy as np
from mahotas import interpolate
from scipy import ndimage
from skimage import measure


def show(x):
    return " | ".join(" ".join(f"{number:.4g}" for number in row) for row in np.atleast_2d(x))


def compare(title, seen, expected):
    print(f"{title}: mahotas {show(seen)}, expected {show(expected)}")


x = np.arange(1.0, 7)
for distance in [0.5, 1, 2]:
    for order in [1, 3]:
        operands = (x, [distance], None, order, "nearest")
        compare(f"shift by {distance}, order {order}", interpolate.shift(*operands), ndimage.shift(*operands))
for factor in [0.5, 1.5]:
    operands = (x, [factor], None, 1, "nearest")
    compare(f"zoom by {factor}", interpolate.zoom(*operands), ndimage.zoom(*operands))
picture = np.arange(1.0, 17).reshape(4, 4)
compare("imresize to 2 x 2", mahotas.imresize(picture, (2, 2), order=1), ndimage.zoom(picture, 0.5, order=1))
compare("gaussian_filter", mahotas.gaussian_filter(x, 1), ndimage.gaussian_filter(x, 1))

impulse = np.zeros((3, 3))
impulse[1, 1] = 1
weights = np.arange(1.0, 10).reshape(3, 3)
compare("convolve", mahotas.convolve(impulse, weights), ndimage.convolve(impulse, weights))
compare("convolve1d", mahotas.convolve1d(impulse, [1, 2, 3], 1), ndimage.convolve1d(impulse, [1, 2, 3], 1))

for corner in [1, 2, 4]:
    square = np.zeros((6, 6), dtype=bool)
    square[corner : corner + 3, 1:4] = True
    compare(f"euler, a square from row {corner}", mahotas.euler(square), measure.euler_number(square, 2))
white = np.ones((5, 5), dtype=bool)
neighbors = ndimage.correlate(white.astype(int), np.ones((3, 3), dtype=int), mode="constant")
compare("majority_filter", mahotas.majority_filter(white), neighbors == 9)
PROGRAM

expected='shift by 0.5, order 1: mahotas 1 2 3 4 5 6, expected 1 1.5 2.5 3.5 4.5 5.5
shift by 0.5, order 3: mahotas 1 2 3 4 5 6, expected 0.9206 1.421 2.52 3.5 4.48 5.579
shift by 1, order 1: mahotas 1 2 3 4 5 6, expected 1 1 2 3 4 5
shift by 1, order 3: mahotas 1 2 3 4 5 6, expected 1 1 2 3 4 5
shift by 2, order 1: mahotas 1 1 2 3 4 5, expected 1 1 1 2 3 4
shift by 2, order 3: mahotas 1 1 2 3 4 5, expected 1 1 1 2 3 4
zoom by 0.5: mahotas 2 4 6, expected 1 3.5 6
zoom by 1.5: mahotas 2 2 3 3 4 5 5 6 6, expected 1 1.625 2.25 2.875 3.5 4.125 4.75 5.375 6
imresize to 2 x 2: mahotas 6 0 | 0 0, expected 1 4 | 13 16
gaussian_filter: mahotas 1.427 2.068 3.005 3.995 4.932 5.573, expected 1.427 2.068 3.005 3.995 4.932 5.573
convolve: mahotas 9 8 7 | 6 5 4 | 3 2 1, expected 1 2 3 | 4 5 6 | 7 8 9
convolve1d: mahotas 0 0 0 | 3 2 1 | 0 0 0, expected 0 0 0 | 1 2 3 | 0 0 0
euler, a square from row 1: mahotas 1, expected 1
euler, a square from row 2: mahotas 1, expected 1
euler, a square from row 4: mahotas 0.5, expected 1
majority_filter: mahotas 0 0 0 0 0 | 0 1 1 0 0 | 0 1 1 0 0 | 0 0 0 0 0 | 0 0 0 0 0, expected 0 0 0 0 0 | 0 1 1 1 0 | 0 1 1 1 0 | 0 1 1 1 0 | 0 0 0 0 0'
seen=$(PYTHONPATH=packages python3 program.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
