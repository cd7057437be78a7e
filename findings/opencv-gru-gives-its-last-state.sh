#!/usr/bin/env bash
# opencv-python-headless 5.0.0.93: a GRU of an ONNX model gives its last state instead of the sequence, an LSTM that
# runs backward gives the state after its first step as the last one, and an LSTM is not clipped.
#
# The first output of a GRU is the state at each step, the second the last one. If the model uses the first alone, which
# is what a stack of layers or a classification of each step needs, the network's output is the last state, of another
# shape; with both it is right. An LSTM of direction "reverse" ends where the sequence begins, but its Y_h and Y_c are
# those at the end of the sequence; for "bidirectional" they are right. The attribute clip has no effect. Reading and
# running say nothing, and the shapes of Y_h and Y_c are right.
#
# Expected: the numbers of ONNX Runtime 1.32.0, which follow from the operators' descriptions.
# What helps: the second output of a GRU as another output of the model; the first step of Y instead of Y_h.
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
x = np.float32([1, 2, 3]).reshape(3, 1, 1)
SHAPES = {"y": "3, {d}, 1, 1", "h": "{d}, 1, 1", "c": "{d}, 1, 1"}


def show(arrays):
    return "; ".join(" ".join(f"{number:.3f}" for number in array.ravel()) for array in arrays)


def compare(operator, gates, results, attributes="", directions=1):
    outputs = [result for result in results if result != "_"]
    declared = ", ".join(f"float[{SHAPES[output].format(d=directions)}] {output}" for output in outputs)
    weights = ", ".join(["1"] * gates * directions)
    model = onnx.parser.parse_model(f"""<ir_version: 10, opset_import: ["": 21]>
        model (float[3, 1, 1] x) => ({declared}) <float[{directions}, {gates}, 1] weights = {{{weights}}}> {{
            {", ".join(results)} = {operator} <hidden_size = 1{attributes}> (x, weights, weights)
        }}""")
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, "model.onnx")
    expected = onnxruntime.InferenceSession("model.onnx").run(outputs, {"x": x})
    net = cv2.dnn.readNetFromONNX("model.onnx")
    net.setInput(x, "x")
    title = f"{operator}{attributes.replace(' =', '')}, outputs {' '.join(outputs)}"
    print(f"{title}: ONNX Runtime {show(expected)}, OpenCV {show(net.forward(outputs))}")


compare("GRU", 3, ["y"])
compare("GRU", 3, ["y", "h"])
compare("LSTM", 4, ["y"])
for directions, direction in [(1, "forward"), (1, "reverse"), (2, "bidirectional")]:
    compare("LSTM", 4, ["y", "h", "c"], f', direction = "{direction}"', directions)
compare("LSTM", 4, ["y"], ", clip = 0.5")
PROGRAM

expected='GRU, outputs y: ONNX Runtime 0.205 0.281 0.307, OpenCV 0.307
GRU, outputs y h: ONNX Runtime 0.205 0.281 0.307; 0.307, OpenCV 0.205 0.281 0.307; 0.307
LSTM, outputs y: ONNX Runtime 0.370 0.811 0.961, OpenCV 0.370 0.811 0.961
LSTM, direction "forward", outputs y h c: ONNX Runtime 0.370 0.811 0.961; 0.961; 2.355, OpenCV 0.370 0.811 0.961; 0.961; 2.355
LSTM, direction "reverse", outputs y h c: ONNX Runtime 0.855 0.889 0.704; 0.855; 2.408, OpenCV 0.855 0.889 0.704; 0.704; 0.948
LSTM, direction "bidirectional", outputs y h c: ONNX Runtime 0.370 0.855 0.811 0.889 0.961 0.704; 0.961 0.855; 2.355 2.408, OpenCV 0.370 0.855 0.811 0.889 0.961 0.704; 0.961 0.855; 2.355 2.408
LSTM, clip 0.5, outputs y: ONNX Runtime 0.174 0.271 0.325, OpenCV 0.370 0.811 0.961'
seen=$(ORT_DISABLE_TELEMETRY=1 PYTHONPATH=packages python3 program.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
