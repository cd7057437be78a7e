#!/usr/bin/env bash
# openvino 2026.4.1: on a CPU an LRN loses the fraction of its bias, an empty Range counts away from its limit, and an
# LSTM loses its peepholes.
#
# The bias of LRN is cut off to an integer, so 0.5 counts as 0 and 1.5 as 1. ONNX and OpenVINO say that a Range has
# max(ceil((limit - start) / delta), 0) numbers, which is none where the limit lies behind. OpenVINO gives as many as
# the other way round: from 5 to 2 in steps of 1 are 5, 6 and 7. So where nothing is left to index, indices appear. The
# input P of an LSTM is dropped, as if there were no peepholes. Reading, compiling and running say nothing about any of
# them, though OpenVINO refuses other things that it does not know.
#
# Expected: the numbers of ONNX Runtime 1.32.0, which follow from the operators' descriptions.
# What helps: alpha / bias as alpha, 1 as bias and a multiplication by bias ** -beta; Max(start, limit) as the limit of
# a Range that counts up; for peepholes another runtime.
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

onnxruntime.set_default_logger_severity(4)
core = openvino.Core()


def show(y):
    return " ".join(f"{number:.3g}" for number in y.ravel()) or "nothing"


def compare(title, graph, **inputs):
    model = onnx.parser.parse_model(f'<ir_version: 10, opset_import: ["": 22]> {graph}')
    onnx.checker.check_model(model, full_check=True)
    expected = onnxruntime.InferenceSession(model.SerializeToString()).run(None, inputs)[0]
    settings = {"INFERENCE_PRECISION_HINT": "f32"}
    compiled = core.compile_model(core.read_model(model.SerializeToString()), "CPU", settings)
    print(f"{title}: ONNX Runtime {show(expected)}, OpenVINO {show(compiled(inputs)[0])}")


biases = {"1": (1, 3, 1), "2": (2, 3, 1), "0.5": (0.5, 3, 1), "1.5": (1.5, 3, 1), "0.5 by a factor": (1, 6, 2)}
for title, (bias, alpha, factor) in biases.items():
    compare(
        f"LRN, bias {title}",
        f"""lrn (float[1, 3, 1, 1] x) => (float[1, 3, 1, 1] y) <float factor = {{{factor}}}> {{
            normalized = LRN <size = 3, alpha = {float(alpha)}, beta = 1.0, bias = {float(bias)}> (x)
            y = Mul (normalized, factor)
        }}""",
        x=np.ones((1, 3, 1, 1), dtype=np.float32),
    )
for start, limit, delta in [(2, 5, 1), (5, 5, 1), (5, 2, 1), (2, 5, -1)]:
    compare(
        f"Range from {start} to {limit} by {delta}",
        "range (int64 start, int64 limit, int64 delta) => (int64[n] y) { y = Range (start, limit, delta) }",
        start=np.array(start),
        limit=np.array(limit),
        delta=np.array(delta),
    )
for title, operand in [("without", ""), ("with zeros as", ", zeros"), ("with", ", peepholes")]:
    compare(
        f"LSTM {title} peepholes",
        f"""lstm (float[3, 1, 1] x) => (float[3, 1, 1, 1] y) <
            float[1, 4, 1] w = {{1, 1, 1, 1}}, float[1, 8] bias = {{0, 0, 0, 0, 0, 0, 0, 0}}, int32[1] lengths = {{3}},
            float[1, 1, 1] state = {{0}}, float[1, 3] zeros = {{0, 0, 0}}, float[1, 3] peepholes = {{1, -1, 2}}
        > {{
            y = LSTM <hidden_size = 1> (x, w, w, bias, lengths, state, state{operand})
        }}""",
        x=np.float32([1, 2, 3]).reshape(3, 1, 1),
    )
PROGRAM

expected='LRN, bias 1: ONNX Runtime 0.333 0.25 0.333, OpenVINO 0.333 0.25 0.333
LRN, bias 2: ONNX Runtime 0.25 0.2 0.25, OpenVINO 0.25 0.2 0.25
LRN, bias 0.5: ONNX Runtime 0.4 0.286 0.4, OpenVINO 0.5 0.333 0.5
LRN, bias 1.5: ONNX Runtime 0.286 0.222 0.286, OpenVINO 0.333 0.25 0.333
LRN, bias 0.5 by a factor: ONNX Runtime 0.4 0.286 0.4, OpenVINO 0.4 0.286 0.4
Range from 2 to 5 by 1: ONNX Runtime 2 3 4, OpenVINO 2 3 4
Range from 5 to 5 by 1: ONNX Runtime nothing, OpenVINO nothing
Range from 5 to 2 by 1: ONNX Runtime nothing, OpenVINO 5 6 7
Range from 2 to 5 by -1: ONNX Runtime nothing, OpenVINO 2 1 0
LSTM without peepholes: ONNX Runtime 0.37 0.811 0.961, OpenVINO 0.37 0.811 0.961
LSTM with zeros as peepholes: ONNX Runtime 0.37 0.811 0.961, OpenVINO 0.37 0.811 0.961
LSTM with peepholes: ONNX Runtime 0.308 0.628 0.752, OpenVINO 0.37 0.811 0.961'
seen=$(ORT_DISABLE_TELEMETRY=1 PYTHONPATH=packages python3 program.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
