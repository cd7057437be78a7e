#!/usr/bin/env bash
# apache-tvm 0.27.0.post1: from_onnx() gives other numbers or shapes than ONNX says for IsInf, LpPool, RoiAlign
# and Resize.
#
# - IsInf drops detect_positive and detect_negative, so both infinities count always.
# - LpPool multiplies a mean by the size of the kernel. With ceil_mode a last window that has fewer numbers is too large.
# - RoiAlign with half_pixel, which is the default, takes 0.5 from a region before its scale instead of after. With a
#   spatial_scale of 1 that is the same; models that detect objects have 0.25 or less, so they look at other pixels.
# - Resize drops antialias and keep_aspect_ratio_policy, and the sizes of the batch and the channels.
#
# Nothing warns, while operators and other attributes that TVM lacks are an error.
# Expected: the numbers of ONNX Runtime 1.32.0, which follow from the operators' descriptions.
# What helps: a comparison with the number instead of IsInf, regions that are scaled before RoiAlign, and
# an image that is resized before the model.
# Needs Python 3.11 or newer with pip, instead of Node.js.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target packages \
  apache-tvm==0.27.0.post1 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6

cat >program.py <<'PROGRAM'
import numpy as np
import onnx
import onnxruntime
import tvm
from tvm import relax
from tvm.relax.frontend.onnx import from_onnx

onnxruntime.set_default_logger_severity(4)


def run_tvm(model, x):
    module = relax.transform.LegalizeOps()(relax.transform.DecomposeOpsForInference()(from_onnx(model)))
    machine = relax.VirtualMachine(tvm.compile(module, target="llvm"), tvm.cpu())
    return machine["main"](tvm.runtime.tensor(x)).numpy()


def show(y):
    return f"{'x'.join(map(str, y.shape))}: {' '.join(f'{number:.3g}' for number in y.ravel()[:8])}"


def compare(title, x, body, result, initializers=""):
    model = onnx.parser.parse_model(f"""<ir_version: 10, opset_import: ["": 19]>
        model (float[{", ".join(map(str, x.shape))}] x) => ({result} y) <{initializers}> {{ {body} }}""")
    onnx.checker.check_model(model, full_check=True)
    expected = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": x})[0]
    print(f"{title}: ONNX Runtime {show(expected)}, TVM {show(run_tvm(model, x))}")


def numbers(*shape):
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


for negative in [1, 0]:
    compare(
        f"IsInf, detect_negative {negative}", np.float32([np.inf, -np.inf, 1]),
        f"y = IsInf <detect_negative = {negative}> (x)", "bool[a]",
    )
for size in [7, 8]:
    compare(
        f"LpPool, ceil_mode, size {size}", numbers(1, 1, size),
        "y = LpPool <kernel_shape = [3], strides = [2], ceil_mode = 1> (x)", "float[a, b, c]",
    )
for scale, mode in [(1, "half_pixel"), (0.5, "output_half_pixel"), (0.5, "half_pixel")]:
    compare(
        f"RoiAlign, {mode}, spatial_scale {scale}", numbers(1, 1, 6, 6) % 7,
        f"""y = RoiAlign <coordinate_transformation_mode = "{mode}", spatial_scale = {float(scale)}, output_height = 2,
        output_width = 2, sampling_ratio = 2> (x, regions, indices)""",
        "float[a, b, c, d]", "float[1, 4] regions = {1, 1, 5, 5}, int64[1] indices = {0}",
    )
for title, attributes, sizes in [
    ("antialias 0", 'mode = "linear", antialias = 0', "1, 1, 2, 2"),
    ("antialias 1", 'mode = "linear", antialias = 1', "1, 1, 2, 2"),
    ("2 x 2", 'mode = "nearest"', "1, 1, 2, 2"),
    ("not larger than 2 x 4", 'mode = "nearest", keep_aspect_ratio_policy = "not_larger"', "1, 1, 2, 4"),
    ("2 channels", 'mode = "nearest"', "1, 2, 2, 2"),
]:
    compare(
        f"Resize, {title}", numbers(1, 1, 4, 4), f"y = Resize <{attributes}> (x, , , sizes)", "float[a, b, c, d]",
        f"int64[4] sizes = {{{sizes}}}",
    )
PROGRAM

expected='IsInf, detect_negative 1: ONNX Runtime 3: 1 1 0, TVM 3: 1 1 0
IsInf, detect_negative 0: ONNX Runtime 3: 1 0 0, TVM 3: 1 1 0
LpPool, ceil_mode, size 7: ONNX Runtime 1x1x3: 2.24 5.39 8.77, TVM 1x1x3: 2.24 5.39 8.77
LpPool, ceil_mode, size 8: ONNX Runtime 1x1x4: 2.24 5.39 8.77 9.22, TVM 1x1x4: 2.24 5.39 8.77 11.3
RoiAlign, half_pixel, spatial_scale 1: ONNX Runtime 1x1x2x2: 1.75 2 5 1.75, TVM 1x1x2x2: 1.75 2 5 1.75
RoiAlign, output_half_pixel, spatial_scale 0.5: ONNX Runtime 1x1x2x2: 1.42 1.11 4.58 1.42, TVM 1x1x2x2: 1.42 1.11 4.58 1.42
RoiAlign, half_pixel, spatial_scale 0.5: ONNX Runtime 1x1x2x2: 1.75 1 4.25 1.75, TVM 1x1x2x2: 1.31 1 4.69 1.31
Resize, antialias 0: ONNX Runtime 1x1x2x2: 2.5 4.5 10.5 12.5, TVM 1x1x2x2: 2.5 4.5 10.5 12.5
Resize, antialias 1: ONNX Runtime 1x1x2x2: 3.12 4.88 10.1 11.9, TVM 1x1x2x2: 2.5 4.5 10.5 12.5
Resize, 2 x 2: ONNX Runtime 1x1x2x2: 0 2 8 10, TVM 1x1x2x2: 0 2 8 10
Resize, not larger than 2 x 4: ONNX Runtime 1x1x2x2: 0 2 8 10, TVM 1x1x2x4: 0 1 2 3 8 9 10 11
Resize, 2 channels: ONNX Runtime 1x2x2x2: 0 2 8 10 0 2 8 10, TVM 1x1x2x2: 0 2 8 10'
seen=$(ORT_DISABLE_TELEMETRY=1 PYTHONPATH=packages python3 program.py 2>/dev/null)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
