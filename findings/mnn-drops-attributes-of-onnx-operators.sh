#!/usr/bin/env bash
# MNN 3.6.1: a model converted from ONNX loses the dilations of its pools, the reduction of its scatters, the antialias
# of its resizes and more, and gives other numbers, at times of another shape.
#
# The converter, mnnconvert, stops at an operator that it does not know ("These Op Not Support"), also at a Pad of mode
# "wrap". Attributes that it does not know it leaves out without a message: dilations of MaxPool and AveragePool,
# reduction of ScatterElements and ScatterND, so that items replace each other instead of adding up, antialias and
# nearest_mode "ceil" of Resize, mode "cubic" and padding_mode "reflection" of GridSample, select_last_index of ArgMax.
# Mod with fmod=1 gets the sign of the divisor, as if fmod were 0, negative indices of GatherElements give 0, and an
# Einsum for a diagonal leaves the matrix as it is. Without these attributes, the same operators are right.
#
# Expected: the numbers of ONNX Runtime 1.32.0, which follow from the operators' descriptions.
# What helps: a comparison with ONNX Runtime after each conversion, and other operators in their place.
# Needs Python 3 with pip, instead of Node.js.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target packages \
  MNN==3.6.1 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6

cat >program.py <<'PROGRAM'
import MNN.expr as expr
import MNN.nn
import numpy as np
import onnx
import onnxruntime
from _tools import mnnconvert  # MNN.tools.mnnconvert without its report of uses

seen = open("seen", "w")


def numbers(y):
    return " ".join(f"{number:.4g}" for number in np.asarray(y).ravel())


def convert(model, x):
    onnx.save(model, "model.onnx")
    arguments = {"-f": "ONNX", "--modelFile": "model.onnx", "--MNNModel": "model.mnn", "--bizCode": "model"}
    mnnconvert(["mnnconvert", *(word for pair in arguments.items() for word in pair)])
    placeholder = expr.placeholder(list(x.shape), expr.NCHW, expr.float)
    placeholder.write(x)
    return expr.convert(MNN.nn.load_module_from_file("model.mnn", ["x"], ["y"]).forward(placeholder), expr.NCHW).read()


def compare(title, node, constants="", kind="float", rank=None, x=(1, -2, 3, 4)):
    x = np.array(x, dtype=np.float32)
    shape, sizes = ", ".join(map(str, x.shape)), ", ".join("abcd"[: rank or x.ndim])
    model = onnx.parser.parse_model(f"""<ir_version: 8, opset_import: ["": 20]>
        graph (float[{shape}] x) => ({kind}[{sizes}] y) <{constants}> {{ y = {node} }}""")
    onnx.checker.check_model(model, full_check=True)
    expected = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": x})[0]
    print(f"{title}: ONNX Runtime {numbers(expected)}, MNN {numbers(convert(model, x))}", file=seen)


row = np.arange(8).reshape(1, 1, 1, 8) ** 2
square = np.arange(16).reshape(1, 1, 4, 4)
resize = "float[0] r = {}, float[0] s = {}, int64[4] n = {1, 1, 1, 3}"
point = "float[1, 1, 1, 2] p = {0.4, -0.4}"
for dilation in (1, 2):
    attributes = f"kernel_shape = [2, 2], dilations = [{dilation}, {dilation}], strides = [2, 2]"
    compare(f"MaxPool, dilations {dilation}", f"MaxPool <{attributes}> (x)", x=square)
for reduction, indices in (("none", "0, 2, 1"), ("add", "0, 0, 1")):
    node = f'ScatterElements <axis = 0, reduction = "{reduction}"> (x, i, u)'
    compare(f"ScatterElements, {reduction}", node, f"int64[3] i = {{{indices}}}, float[3] u = {{5, 6, 7}}")
for antialias in (0, 1):
    node = f'Resize <mode = "linear", antialias = {antialias}> (x, r, s, n)'
    compare(f"Resize, antialias {antialias}", node, resize, x=row)
for mode in ("floor", "ceil"):
    node = f'Resize <mode = "nearest", nearest_mode = "{mode}"> (x, r, s, n)'
    compare(f"Resize, {mode}", node, resize.replace("1, 3}", "1, 4}"), x=row)
for mode in ("linear", "cubic"):
    compare(f"GridSample, {mode}", f'GridSample <mode = "{mode}"> (x, p)', point, x=square**2)
for last in (0, 1):
    compare(f"ArgMax, last {last}", f"ArgMax <axis = 0, select_last_index = {last}> (x)", kind="int64", x=[1, 3, 3, 2])
compare("Mod of floats", "Mod <fmod = 1> (x, d)", "float d = {3}", x=[4, 5, -4, -5])
compare("GatherElements", "GatherElements <axis = 0> (x, i)", "int64[4] i = {0, 1, -1, -2}")
for equation in ("ij->i", "ii->i"):
    compare(f"Einsum, {equation}", f'Einsum <equation = "{equation}"> (x)', rank=1, x=[[1, 2], [3, 4]])
PROGRAM

expected='MaxPool, dilations 1: ONNX Runtime 5 7 13 15, MNN 5 7 13 15
MaxPool, dilations 2: ONNX Runtime 10, MNN 5 7 13 15
ScatterElements, none: ONNX Runtime 5 7 6 4, MNN 5 7 6 4
ScatterElements, add: ONNX Runtime 12 5 3 4, MNN 6 7 3 4
Resize, antialias 0: ONNX Runtime 0.8333 12.5 38.17, MNN 0.8333 12.5 38.17
Resize, antialias 1: ONNX Runtime 1.814 13.45 37.14, MNN 0.8333 12.5 38.17
Resize, floor: ONNX Runtime 0 4 16 36, MNN 0 4 16 36
Resize, ceil: ONNX Runtime 1 9 25 49, MNN 0 4 16 36
GridSample, linear: ONNX Runtime 29.58, MNN 29.58
GridSample, cubic: ONNX Runtime 25.35, MNN 29.58
ArgMax, last 0: ONNX Runtime 1, MNN 1
ArgMax, last 1: ONNX Runtime 2, MNN 1
Mod of floats: ONNX Runtime 1 2 -1 -2, MNN 1 2 2 1
GatherElements: ONNX Runtime 1 -2 4 3, MNN 1 -2 0 0
Einsum, ij->i: ONNX Runtime 3 7, MNN 3 7
Einsum, ii->i: ONNX Runtime 1 4, MNN 1 2 3 4'
PYTHONPATH=packages ORT_DISABLE_TELEMETRY=1 python3 program.py >log 2>&1 || cat log
seen=$(cat seen)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
