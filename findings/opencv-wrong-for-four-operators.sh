#!/usr/bin/env bash
# opencv-python-headless 5.0.0.93: ONNX models with auto_pad SAME_LOWER, Trilu of tall matrices, ConvTranspose with an
# output_shape or ReduceLogSumExp give other numbers.
#
# SAME_LOWER puts the odd row and column of padding in front, SAME_UPPER behind; for OpenCV both are SAME_UPPER, so with
# a window of even size a result is shifted by one pixel. Trilu leaves rows that begin below the last column as they
# are, instead of setting them to 0. With the attribute output_shape the result of a ConvTranspose is larger than it
# says, so what is added or cropped afterwards does not fit. ReduceLogSumExp takes plain exponentials, so the result
# overflows for numbers above 88, which logits are. Reading and running say nothing. Windows of odd size, square
# matrices, output_padding and small numbers are right.
#
# Expected: the numbers of ONNX Runtime 1.32.0, which follow from the operators' descriptions.
# What helps: pads instead of auto_pad and output_shape; a multiplication by a mask instead of Trilu; subtracting
# ReduceMax before ReduceLogSumExp.
# Needs Python 3 with pip, instead of Node.js.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target packages \
  opencv-python-headless==5.0.0.93 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6

cat >program.py <<'PROGRAM'
import cv2
import numpy as np
import onnx
import onnxruntime

onnxruntime.set_default_logger_severity(4)


def show(y):
    return f"{'x'.join(map(str, y.shape[-2:]))} {' '.join(f'{number:.4g}' for number in y.ravel()[:9])}"


def compare(title, shape, call, x, initializers=""):
    model = onnx.parser.parse_model(f"""<ir_version: 10, opset_import: ["": 21]>
        model (float[{shape}] x) => (float[{"a, " * shape.count(",")}b] y) <{initializers}> {{ y = {call} }}""")
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, "model.onnx")
    x = np.float32(x).reshape([int(size) for size in shape.split(",")])
    expected = onnxruntime.InferenceSession("model.onnx").run(None, {"x": x})[0]
    net = cv2.dnn.readNetFromONNX("model.onnx")
    net.setInput(x, "x")
    print(f"{title}: ONNX Runtime {show(expected)}, OpenCV {show(net.forward())}")


for size, padding in [(3, "SAME_LOWER"), (2, "SAME_UPPER"), (2, "SAME_LOWER")]:
    title = f"window of {size}, {padding}"
    attributes = f'kernel_shape = [{size}, {size}], auto_pad = "{padding}"'
    weights = ", ".join(["1"] * size * size)
    compare(f"MaxPool, {title}", "1, 1, 3, 3", f"MaxPool <{attributes}> (x)", range(1, 10))
    compare(
        f"Conv, {title}", "1, 1, 3, 3", f"Conv <{attributes}> (x, weights)", range(1, 10),
        f"float[1, 1, {size}, {size}] weights = {{{weights}}}",
    )
for shape in ["2, 2", "2, 3", "4, 2"]:
    compare("Trilu", shape, "Trilu (x)", range(1, 1 + int(np.prod([int(size) for size in shape.split(",")]))))
for attribute in ["output_padding = [1, 1]", "output_shape = [4, 4]"]:
    compare(
        f"ConvTranspose, {attribute}", "1, 1, 2, 2",
        f"ConvTranspose <kernel_shape = [2, 2], strides = [2, 2], {attribute}> (x, weights)", range(1, 5),
        "float[1, 1, 2, 2] weights = {1, 1, 1, 1}",
    )
for x in [[10, 11], [100, 101]]:
    compare(f"ReduceLogSumExp {x}", "1, 2", "ReduceLogSumExp (x, axes)", x, "int64[1] axes = {1}")
PROGRAM

expected='MaxPool, window of 3, SAME_LOWER: ONNX Runtime 3x3 5 6 6 8 9 9 8 9 9, OpenCV 3x3 5 6 6 8 9 9 8 9 9
Conv, window of 3, SAME_LOWER: ONNX Runtime 3x3 12 21 16 27 45 33 24 39 28, OpenCV 3x3 12 21 16 27 45 33 24 39 28
MaxPool, window of 2, SAME_UPPER: ONNX Runtime 3x3 5 6 6 8 9 9 8 9 9, OpenCV 3x3 5 6 6 8 9 9 8 9 9
Conv, window of 2, SAME_UPPER: ONNX Runtime 3x3 12 16 9 24 28 15 15 17 9, OpenCV 3x3 12 16 9 24 28 15 15 17 9
MaxPool, window of 2, SAME_LOWER: ONNX Runtime 3x3 1 2 3 4 5 6 7 8 9, OpenCV 3x3 5 6 6 8 9 9 8 9 9
Conv, window of 2, SAME_LOWER: ONNX Runtime 3x3 1 3 5 5 12 16 11 24 28, OpenCV 3x3 12 16 9 24 28 15 15 17 9
Trilu: ONNX Runtime 2x2 1 2 0 4, OpenCV 2x2 1 2 0 4
Trilu: ONNX Runtime 2x3 1 2 3 0 5 6, OpenCV 2x3 1 2 3 0 5 6
Trilu: ONNX Runtime 4x2 1 2 0 4 0 0 0 0, OpenCV 4x2 1 2 0 4 5 6 7 8
ConvTranspose, output_padding = [1, 1]: ONNX Runtime 5x5 1 1 2 2 0 1 1 2 2, OpenCV 5x5 1 1 2 2 0 1 1 2 2
ConvTranspose, output_shape = [4, 4]: ONNX Runtime 4x4 1 1 2 2 1 1 2 2 3, OpenCV 5x5 1 1 2 2 0 1 1 2 2
ReduceLogSumExp [10, 11]: ONNX Runtime 1x1 11.31, OpenCV 1x1 11.31
ReduceLogSumExp [100, 101]: ONNX Runtime 1x1 101.3, OpenCV 1x1 inf'
seen=$(ORT_DISABLE_TELEMETRY=1 PYTHONPATH=packages python3 program.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
