#!/usr/bin/env bash
# jax2onnx 0.17.1: converted models round halves to even numbers, take other pixels when they resize, and keep the order
# of numbers that should be transposed.
#
# - lax.round rounds halves away from zero unless told otherwise. It becomes ONNX's Round, which rounds them to even
#   numbers, whatever the rounding method, so 0.5 is 0 and 2.5 is 2.
# - jnp.ravel(x, order="F") keeps the order of the numbers: the transposition before is lost. jnp.reshape with that
#   order is refused with an error.
# - jax.image.resize with "nearest" takes the right one of two pixels that are equally near, as in making a picture
#   smaller by an even factor; the model takes the left one, so it is shifted by a pixel of the original.
# - With "cubic" and without antialias the numbers near the border are others: JAX leaves out the weights of what lies
#   outside, and the model repeats the border.
# - lax.dynamic_slice moves a start that is too large, so that the slice fits, and counts a negative one from the end.
#   The model's slice ends at the border, so it is shorter than the declared shape. dynamic_update_slice is right.
#
# No conversion gives a message, and the README has nothing of it. ONNX Runtime warns of the slice's shape when it runs.
#
# Expected: the numbers of JAX, in parentheses.
# What helps: jnp.floor(jnp.abs(x) + 0.5) * jnp.sign(x); jnp.ravel(x.T); indexing with the pixels' numbers instead of
# "nearest"; jnp.clip of the start.
# Needs Python 3.11 or newer with pip, instead of Node.js.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target packages \
  jax2onnx==0.17.1 jax==0.10.2 jaxlib==0.10.2 flax==0.12.8 equinox==0.13.8 onnx==1.23.2 onnx-ir==1.1.0 \
  onnxruntime==1.32.0 numpy==2.4.6

cat >program.py <<'EOF'
import logging

import jax
import jax.numpy as jnp
import numpy as np
import onnxruntime
from jax import lax
from jax2onnx import to_onnx

logging.disable(logging.WARNING)
onnxruntime.set_default_logger_severity(3)


def show(title, function, *values):
    values = [np.asarray(value) for value in values]
    shapes = [jax.ShapeDtypeStruct(value.shape, value.dtype) for value in values]
    model = to_onnx(function, shapes).SerializeToString()
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_inputs()]
    seen = session.run(None, dict(zip(names, values)))[0]
    expected = np.asarray(function(*map(jnp.asarray, values)))
    text = lambda numbers: " ".join(f"{number:.3g}" for number in numbers.ravel())
    print(f"{title}: {text(seen)} ({text(expected)})")


matrix = np.arange(6, dtype=np.float32).reshape(2, 3)
row = np.array([[1, 2, 4, 8, 16, 32]], np.float32)
zeros = np.zeros(2, np.float32)
show('ravel, order "F"', lambda a: jnp.ravel(a, order="F"), matrix)
show("ravel of the transpose", lambda a: jnp.ravel(a.T), matrix)
for width in (3, 5, 9):
    show(f"resize to {width}, nearest", lambda a: jax.image.resize(a, (1, width), "nearest"), row)
show("resize to 9, linear", lambda a: jax.image.resize(a, (1, 9), "linear", antialias=False), row)
show("resize to 9, cubic", lambda a: jax.image.resize(a, (1, 9), "cubic", antialias=False), row)
for start in (1, 5, -1):
    show(f"dynamic_slice at {start}", lambda a, i: lax.dynamic_slice(a, (i,), (2,)), row[0], np.int32(start))
    update = lambda a, u, i: lax.dynamic_update_slice(a, u, (i,))
    show(f"dynamic_update_slice at {start}", update, row[0], zeros, np.int32(start))
halves = np.array([0.5, 1.5, 2.5, -0.5, -2.5], np.float32)
show("lax.round", lax.round, halves)
show("jnp.round", jnp.round, halves)
EOF

expected='ravel, order "F": 0 1 2 3 4 5 (0 3 1 4 2 5)
ravel of the transpose: 0 3 1 4 2 5 (0 3 1 4 2 5)
resize to 3, nearest: 1 4 16 (2 8 32)
resize to 5, nearest: 1 2 4 16 32 (1 2 8 16 32)
resize to 9, nearest: 1 1 2 4 4 8 16 16 32 (1 2 2 4 8 8 16 32 32)
resize to 9, linear: 1 1.5 2.33 3.67 6 9.33 14.7 24 32 (1 1.5 2.33 3.67 6 9.33 14.7 24 32)
resize to 9, cubic: 0.942 1.38 2.25 3.54 5.62 9.01 14.2 24.5 32.9 (0.934 1.35 2.25 3.54 5.62 9.01 14.2 24.9 33.1)
dynamic_slice at 1: 2 4 (2 4)
dynamic_update_slice at 1: 1 0 0 8 16 32 (1 0 0 8 16 32)
dynamic_slice at 5: 32 (16 32)
dynamic_update_slice at 5: 1 2 4 8 0 0 (1 2 4 8 0 0)
dynamic_slice at -1: 32 (16 32)
dynamic_update_slice at -1: 1 2 4 8 0 0 (1 2 4 8 0 0)
lax.round: 0 2 2 -0 -2 (1 2 3 -1 -3)
jnp.round: 0 2 2 -0 -2 (0 2 2 -0 -2)'
seen=$(JAX_PLATFORMS=cpu PYTHONPATH=packages python3 program.py 2>/dev/null)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
