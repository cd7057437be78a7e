#!/usr/bin/env bash
# tinygrad 0.14.0: OnnxRunner gives other numbers or shapes than ONNX says for EyeLike, Unsqueeze, Split, the Softmax of
# opsets before 13, the indices of MaxPool, ArgMin and ReduceLogSumExp.
#
# EyeLike puts the ones on the main diagonal of a square, whatever k is. Unsqueeze with several negative axes adds them
# one after the other, each to the shape so far. Split spreads the remainder over the first parts instead of making the
# last one smaller. Before opset 13 Softmax, LogSoftmax and Hardmax take all axes from "axis" on together; here they
# take one. The indices of MaxPool start again for each channel. ArgMin negates its input, so that the smallest numbers
# of an integer type, 0 for uint8, count as the largest. ReduceLogSumExp is infinite from about 89 on. Nothing warns,
# while operators and attributes that tinygrad lacks are an error.
#
# Expected: the numbers of ONNX Runtime 1.32.0, which follow from the operators' descriptions.
# What helps: axes from 0, sizes for Split, a Reshape around the old Softmax, a Cast to int32 before ArgMin.
# Needs Python 3.11 or newer with pip, instead of Node.js.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target packages \
  tinygrad==0.14.0 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6

cat >program.py <<'PROGRAM'
import numpy as np
import onnx
import onnxruntime
from tinygrad import Tensor
from tinygrad.nn.onnx import OnnxRunner

onnxruntime.set_default_logger_severity(4)


def show(y):
    return f"{'x'.join(map(str, y.shape)) or 'scalar'}: {' '.join(f'{number:.3g}' for number in y.ravel())}"


def compare(title, x, body, result, initializers="", opset=21):
    kind = {"float32": "float", "uint8": "uint8"}[str(x.dtype)]
    model = onnx.parser.parse_model(f"""<ir_version: 6, opset_import: ["": {opset}]>
        model ({kind}[{", ".join(map(str, x.shape))}] x) => ({result} y) <{initializers}> {{ {body} }}""")
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, "model.onnx")
    expected = onnxruntime.InferenceSession("model.onnx").run(["y"], {"x": x})[0]
    seen = OnnxRunner("model.onnx")({"x": Tensor(x)})["y"].numpy()
    print(f"{title}: ONNX Runtime {show(expected)}, tinygrad {show(seen)}")


def numbers(*shape):
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


for columns in [3, 4]:
    compare(f"EyeLike, k 1, 3x{columns}", numbers(3, columns), "y = EyeLike <k = 1> (x)", "float[a, b]")
for axes in ["1, 2", "-1, -2"]:
    compare(
        f"Unsqueeze, axes {axes}", numbers(3), "y = Unsqueeze (x, axes)", "float[a, b, c]",
        f"int64[2] axes = {{{axes}}}",
    )
for count in [6, 7]:
    compare(
        f"Split, last of 3 parts of {count}", numbers(count), "a, b, y = Split <axis = 0, num_outputs = 3> (x)",
        "float[a]",
    )
for opset in [11, 13]:
    compare(
        f"Softmax, axis 1, opset {opset}", numbers(1, 2, 2), "y = Softmax <axis = 1> (x)", "float[a, b, c]",
        opset=opset,
    )
compare(
    "MaxPool, indices of 2 channels", numbers(1, 2, 4), "v, y = MaxPool <kernel_shape = [2], strides = [2]> (x)",
    "int64[a, b, c]",
)
for values in [[3, 1, 200], [3, 0, 200]]:
    compare(
        f"ArgMin of uint8 {values}", np.uint8(values), "y = ArgMin <axis = 0, keepdims = 0> (x)", "int64",
    )
for value in [80, 90]:
    compare(
        f"ReduceLogSumExp of {value} and 0", np.float32([value, 0]), "y = ReduceLogSumExp <keepdims = 0> (x)", "float",
    )
PROGRAM

expected='EyeLike, k 1, 3x3: ONNX Runtime 3x3: 0 1 0 0 0 1 0 0 0, tinygrad 3x3: 1 0 0 0 1 0 0 0 1
EyeLike, k 1, 3x4: ONNX Runtime 3x4: 0 1 0 0 0 0 1 0 0 0 0 1, tinygrad 3x4: 0 1 0 0 0 0 1 0 0 0 0 1
Unsqueeze, axes 1, 2: ONNX Runtime 3x1x1: 0 1 2, tinygrad 3x1x1: 0 1 2
Unsqueeze, axes -1, -2: ONNX Runtime 3x1x1: 0 1 2, tinygrad 1x3x1: 0 1 2
Split, last of 3 parts of 6: ONNX Runtime 2: 4 5, tinygrad 2: 4 5
Split, last of 3 parts of 7: ONNX Runtime 1: 6, tinygrad 2: 5 6
Softmax, axis 1, opset 11: ONNX Runtime 1x2x2: 0.0321 0.0871 0.237 0.644, tinygrad 1x2x2: 0.119 0.119 0.881 0.881
Softmax, axis 1, opset 13: ONNX Runtime 1x2x2: 0.119 0.119 0.881 0.881, tinygrad 1x2x2: 0.119 0.119 0.881 0.881
MaxPool, indices of 2 channels: ONNX Runtime 1x2x2: 1 3 5 7, tinygrad 1x2x2: 1 3 1 3
ArgMin of uint8 [3, 1, 200]: ONNX Runtime scalar: 1, tinygrad scalar: 1
ArgMin of uint8 [3, 0, 200]: ONNX Runtime scalar: 1, tinygrad scalar: 0
ReduceLogSumExp of 80 and 0: ONNX Runtime scalar: 80, tinygrad scalar: 80
ReduceLogSumExp of 90 and 0: ONNX Runtime scalar: 90, tinygrad scalar: inf'
# DEV=PYTHON needs no compiler.
seen=$(ORT_DISABLE_TELEMETRY=1 PYTHONPATH=packages DEV=PYTHON python3 program.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
