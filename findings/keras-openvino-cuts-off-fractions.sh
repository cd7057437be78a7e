#!/usr/bin/env bash
# keras 3.15.1 with the backend OpenVINO (openvino 2026.4.1): a fraction that is compared with integers loses what is
# behind its point, and a gray picture of bytes is black.
#
# A Python number becomes one of the type that the tensor has. So 2 equals 2.5 and is not less, and hypot, dot and
# divide_no_nan calculate with 2; add and maximum take the number as it is. The weights of red, green and blue become
# bytes in the same way, that is 0, so rgb_to_grayscale() of bytes is black. average() of integers is an integer, while
# mean() is none.
#
# No error or warning says so, and NumPy and the other backends keep the fraction.
# Expected: the results of NumPy, in parentheses, and the gray of a gray picture.
# What helps: a cast to float32 before.
# Needs Python 3.11 or newer with pip, instead of Node.js.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target packages \
  keras==3.15.1 openvino==2026.4.1 scipy==1.17.1 numpy==2.4.6

cat >program.py <<'PROGRAM'
import numpy as np
from keras import ops


def show(values):
    return " ".join(f"{number:.6g}" for number in np.asarray(values).ravel())


def compare(title, name, *operands, expected=None, **options):
    tensors = [ops.convert_to_tensor(x) if isinstance(x, np.ndarray) else x for x in operands]
    named = {key: ops.convert_to_tensor(x) if isinstance(x, np.ndarray) else x for key, x in options.items()}
    seen = ops.convert_to_numpy(getattr(ops, name)(*tensors, **named))
    expected = getattr(np, name)(*operands, **options) if expected is None else expected
    print(f"{title}: {show(seen)} ({show(expected)})")



for numbers in [np.int32([1, 2, 3]), np.float32([1, 2, 3])]:
    for name in ["equal", "less", "greater_equal", "hypot", "dot", "add", "maximum"]:
        compare(f"{name} of {numbers.dtype} 1 2 3 and 2.5", name, numbers, 2.5)
    compare(f"divide_no_nan of {numbers.dtype} 1 2 3 and 2.5", "divide_no_nan", numbers, 2.5, expected=numbers / 2.5)
for numbers in [np.int32([1, 2]), np.float32([1, 2])]:
    for name in ["average", "mean"]:
        compare(f"{name} of {numbers.dtype} 1 2", name, numbers)
for kind in [np.uint8, np.float32]:
    picture = ops.image.rgb_to_grayscale(ops.convert_to_tensor(np.full((1, 2, 3), 200, kind)))
    print(f"rgb_to_grayscale of {np.dtype(kind)} 200: {show(np.round(ops.convert_to_numpy(picture)))} (200 200)")
PROGRAM

expected='equal of int32 1 2 3 and 2.5: 0 1 0 (0 0 0)
less of int32 1 2 3 and 2.5: 1 0 0 (1 1 0)
greater_equal of int32 1 2 3 and 2.5: 0 1 1 (0 0 1)
hypot of int32 1 2 3 and 2.5: 2.23607 2.82843 3.60555 (2.69258 3.20156 3.90512)
dot of int32 1 2 3 and 2.5: 2 4 6 (2.5 5 7.5)
add of int32 1 2 3 and 2.5: 3.5 4.5 5.5 (3.5 4.5 5.5)
maximum of int32 1 2 3 and 2.5: 2.5 2.5 3 (2.5 2.5 3)
divide_no_nan of int32 1 2 3 and 2.5: 0 1 1 (0.4 0.8 1.2)
equal of float32 1 2 3 and 2.5: 0 0 0 (0 0 0)
less of float32 1 2 3 and 2.5: 1 1 0 (1 1 0)
greater_equal of float32 1 2 3 and 2.5: 0 0 1 (0 0 1)
hypot of float32 1 2 3 and 2.5: 2.69258 3.20156 3.90512 (2.69258 3.20156 3.90512)
dot of float32 1 2 3 and 2.5: 2.5 5 7.5 (2.5 5 7.5)
add of float32 1 2 3 and 2.5: 3.5 4.5 5.5 (3.5 4.5 5.5)
maximum of float32 1 2 3 and 2.5: 2.5 2.5 3 (2.5 2.5 3)
divide_no_nan of float32 1 2 3 and 2.5: 0.4 0.8 1.2 (0.4 0.8 1.2)
average of int32 1 2: 1 (1.5)
mean of int32 1 2: 1.5 (1.5)
average of float32 1 2: 1.5 (1.5)
mean of float32 1 2: 1.5 (1.5)
rgb_to_grayscale of uint8 200: 0 0 (200 200)
rgb_to_grayscale of float32 200: 200 200 (200 200)'
seen=$(KERAS_BACKEND=openvino PYTHONPATH=packages python3 program.py 2>/dev/null)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
