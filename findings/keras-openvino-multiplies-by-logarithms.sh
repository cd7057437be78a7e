#!/usr/bin/env bash
# keras 3.15.1 with the backend OpenVINO (openvino 2026.4.1): cumprod() adds logarithms up, so products of integers are
# wrong, and floor_divide() of bytes does not round down.
#
# cumprod() of float32 has the precision that is to be expected of that. Of integers the result is cut off, so nine tens
# are not 1000000000, and from the first negative number on it is the smallest of int32 or, for int16, 0. prod() is
# right. floor_divide() of int8 and uint8 rounds to the nearest: 7 by 2 is 4. From 16 bits on it rounds down.
#
# NumPy and the other backends multiply, and the documentation names no difference.
# Expected: the results of NumPy, in parentheses.
# What helps: a cast to float64 before, and round() after; a cast to int32 before a division of bytes.
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
    return " ".join(f"{number:.9g}" for number in np.asarray(values).ravel())


def compare(title, name, *operands, expected=None, **options):
    tensors = [ops.convert_to_tensor(x) if isinstance(x, np.ndarray) else x for x in operands]
    named = {key: ops.convert_to_tensor(x) if isinstance(x, np.ndarray) else x for key, x in options.items()}
    seen = ops.convert_to_numpy(getattr(ops, name)(*tensors, **named))
    expected = getattr(np, name)(*operands, **options) if expected is None else expected
    print(f"{title}: {show(seen)} ({show(expected)})")



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

expected='cumprod of int32 2 3 4: 2 6 24 (2 6 24)
prod of int32 2 3 4: 24 (24)
cumprod of int32 2 -3 4: 2 -2.14748365e+09 -2.14748365e+09 (2 -6 -24)
prod of int32 2 -3 4: -24 (-24)
cumprod of int64 2 -3 4: 2 -2.14748365e+09 -2.14748365e+09 (2 -6 -24)
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
