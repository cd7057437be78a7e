#!/usr/bin/env bash
# keras 3.15.1 with the backend OpenVINO (openvino 2026.4.1): fractions that meet integers are cut off, a gray picture of
# bytes is black, and products and quotients of integers are wrong.
#
# - A Python number becomes one of the type that the tensor has. So 2 equals 2.5 and is not less, and hypot, dot and
#   divide_no_nan calculate with 2; add and maximum take the number as it is. The weights of red, green and blue become
#   bytes in the same way, that is 0, so rgb_to_grayscale() of bytes is black. average() of integers is an integer, while
#   mean() is none.
# - cumprod() adds logarithms up. Of integers the result is cut off, so nine tens are not 1000000000, and from the first
#   negative number on it is the smallest of int32 or, for int16, 0. prod() is right.
# - floor_divide() of int8 and uint8 rounds to the nearest: 7 by 2 is 4. From 16 bits on it rounds down.
#
# No error or warning says so, and the documentation names no difference to NumPy and the other backends.
# Expected: the results of NumPy, in parentheses, and the gray of a gray picture.
# What helps: a cast to float64 before, and round() after a product; a cast to int32 before a division of bytes.
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
for kind, numbers in [
    (np.int32, [2, 3, 4]), (np.int32, [2, -3, 4]), (np.int64, [2, -3, 4]), (np.int16, [2, -3, 4]),
    (np.float32, [2, -3, 4]),
]:
    for name in ["cumprod", "prod"]:
        compare(f"{name} of {np.dtype(kind)} {show(numbers)}", name, kind(numbers))
for name in ["cumprod", "prod"]:
    tens = np.int32([10] * 9)
    seen = ops.convert_to_numpy(getattr(ops, name)(ops.convert_to_tensor(tens)))
    right = np.array_equal(seen, getattr(np, name)(tens))
    print(f"{name} of nine tens of int32: {'right' if right else 'wrong'}")
for kind in [np.int8, np.uint8, np.int16, np.int32]:
    compare(f"floor_divide of {np.dtype(kind)} 7 99 and 2 50", "floor_divide", kind([7, 99]), kind([2, 50]))
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
rgb_to_grayscale of float32 200: 200 200 (200 200)
cumprod of int32 2 3 4: 2 6 24 (2 6 24)
prod of int32 2 3 4: 24 (24)
cumprod of int32 2 -3 4: 2 -2.14748e+09 -2.14748e+09 (2 -6 -24)
prod of int32 2 -3 4: -24 (-24)
cumprod of int64 2 -3 4: 2 -2.14748e+09 -2.14748e+09 (2 -6 -24)
prod of int64 2 -3 4: -24 (-24)
cumprod of int16 2 -3 4: 2 0 0 (2 -6 -24)
prod of int16 2 -3 4: -24 (-24)
cumprod of float32 2 -3 4: 2 -6 -24 (2 -6 -24)
prod of float32 2 -3 4: -24 (-24)
cumprod of nine tens of int32: wrong
prod of nine tens of int32: right
floor_divide of int8 7 99 and 2 50: 4 2 (3 1)
floor_divide of uint8 7 99 and 2 50: 4 2 (3 1)
floor_divide of int16 7 99 and 2 50: 3 1 (3 1)
floor_divide of int32 7 99 and 2 50: 3 1 (3 1)'
seen=$(KERAS_BACKEND=openvino PYTHONPATH=packages python3 program.py 2>/dev/null)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
