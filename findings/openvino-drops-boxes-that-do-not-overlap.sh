#!/usr/bin/env bash
# openvino 2026.4.1: on a CPU a NonMaxSuppression without a threshold keeps one box per class, however far apart the
# boxes are, and each threshold takes boxes that overlap just as much as it allows.
#
# ONNX says that "boxes with IOU exactly equal to the threshold are kept", and OpenVINO's own description of
# NonMaxSuppression-9 keeps them, too ("iou <= iou_threshold"). On a CPU it drops them. At 0, which is ONNX's default,
# these are all boxes that do not overlap at all. At 0.5 it is a box half as large within another one, which is no rare
# case with whole numbers of pixels. Nothing warns.
#
# Expected: the boxes of ONNX Runtime 1.32.0.
# What helps: a threshold that is a bit larger, such as 0.000001 instead of none.
# Needs Python 3 with pip, instead of Node.js.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target packages \
  openvino==2026.4.1 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6

cat >program.py <<'PROGRAM'
import numpy as np
import onnx
import onnxruntime
import openvino

core = openvino.Core()
APART = [[0, 0, 10, 10], [20, 0, 30, 10], [40, 0, 50, 10]]
HALF_WITHIN = [[0, 0, 10, 10], [0, 0, 10, 5], [20, 0, 30, 10]]


def show(selected):
    return " ".join(str(box) for box in selected[:, 2])


def compare(title, corners, threshold=None):
    initializer, operand = ("", "") if threshold is None else (f", float threshold = {{{threshold}}}", ", threshold")
    model = onnx.parser.parse_model(f"""<ir_version: 10, opset_import: ["": 22]>
        suppression (float[1, 3, 4] boxes, float[1, 1, 3] scores) => (int64[n, 3] y) <
            int64 most = {{10}}{initializer}
        > {{
            y = NonMaxSuppression (boxes, scores, most{operand})
        }}""")
    onnx.checker.check_model(model, full_check=True)
    inputs = {"boxes": np.float32([corners]), "scores": np.float32([[[0.9, 0.8, 0.7]]])}
    expected = onnxruntime.InferenceSession(model.SerializeToString()).run(None, inputs)[0]
    seen = core.compile_model(core.read_model(model.SerializeToString()), "CPU")(inputs)[0]
    print(f"{title}, {f'threshold {threshold}' if operand else 'no threshold'}: ONNX Runtime {show(expected)}, "
          f"OpenVINO {show(seen)}")


for threshold in [None, 0.0, 0.000001, 0.5]:
    compare("boxes apart", APART, threshold)
for threshold in [0.49, 0.5, 0.51]:
    compare("a box half as large within another", HALF_WITHIN, threshold)
PROGRAM

expected='boxes apart, no threshold: ONNX Runtime 0 1 2, OpenVINO 0
boxes apart, threshold 0.0: ONNX Runtime 0 1 2, OpenVINO 0
boxes apart, threshold 1e-06: ONNX Runtime 0 1 2, OpenVINO 0 1 2
boxes apart, threshold 0.5: ONNX Runtime 0 1 2, OpenVINO 0 1 2
a box half as large within another, threshold 0.49: ONNX Runtime 0 2, OpenVINO 0 2
a box half as large within another, threshold 0.5: ONNX Runtime 0 1 2, OpenVINO 0 2
a box half as large within another, threshold 0.51: ONNX Runtime 0 1 2, OpenVINO 0 1 2'
seen=$(ORT_DISABLE_TELEMETRY=1 PYTHONPATH=packages python3 program.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
