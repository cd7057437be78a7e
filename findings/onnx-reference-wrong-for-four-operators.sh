#!/usr/bin/env bash
# onnx 1.23.2: the reference evaluator gives wrong numbers for plain uses of MaxPool, LSTM (GRU and RNN, too), LRN and
# LpNormalization.
#
# It takes the pads of a MaxPool of stride 1 for begin and end of the first axis, then of the second, but ONNX has all
# begins first: pads of 0, 0, 1, 1, which TensorFlow's SAME becomes, are none for the height and two for the width. It
# ignores sequence_lens, so padding after a short sequence changes its state. LRN goes over as many channels as the
# batch has images and leaves the others as they are. LpNormalization takes no absolute values, so for p=1 it divides by
# the sum, which turns signs around. The documentation names none of this, nothing warns, and similar uses, such as the
# first line of each pair below, are right. Exporters, converters and runtimes take expected numbers from the evaluator.
#
# Expected: the numbers of ONNX Runtime 1.32.0, which also follow from the operators' descriptions.
# What helps: expected numbers from ONNX Runtime or PyTorch.
# Needs Python 3 with pip, instead of Node.js.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target packages \
  onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6

cat >program.py <<'PROGRAM'
import numpy as np
import onnx
import onnxruntime
from onnx.reference import ReferenceEvaluator


def compare(title, graph, show, **inputs):
    model = onnx.parser.parse_model(f'<ir_version: 10, opset_import: ["": 22]> {graph}')
    onnx.checker.check_model(model, full_check=True)
    runtime = onnxruntime.InferenceSession(model.SerializeToString()).run(None, inputs)[0]
    print(f"{title}: ONNX Runtime {show(runtime)}, evaluator {show(ReferenceEvaluator(model).run(None, inputs)[0])}")


def numbers(y):
    return " ".join(f"{number:.3g}" for number in y.ravel())


image = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4)
for pads in ["1, 1, 1, 1", "0, 0, 1, 1"]:
    compare(
        f"MaxPool, pads {pads}",
        f"""maxpool (float[1, 1, 4, 4] x) => (float[1, 1, h, w] y) {{
            y = MaxPool <kernel_shape = [2, 2], pads = [{pads}]> (x)
        }}""",
        lambda y: f"{y.shape[2]}x{y.shape[3]} from {y.flat[0]:.0f}",
        x=image,
    )

for title, steps in [("steps 5 and 9", [5, 9]), ("step 5, then padding", [5, 0])]:
    compare(
        f"LSTM of length {2 if steps[1] else 1}, {title}",
        """lstm (float[2, 1, 1] x, float[1, 4, 1] w, float[1, 4, 1] r, int32[1] lengths) => (float[1, 1, 1] y) {
            _, y = LSTM <hidden_size = 1> (x, w, r, , lengths)
        }""",
        numbers,
        x=np.array(steps, dtype=np.float32).reshape(2, 1, 1),
        w=np.full((1, 4, 1), 0.25, dtype=np.float32),
        r=np.full((1, 4, 1), 0.25, dtype=np.float32),
        lengths=np.array([2 if steps[1] else 1], dtype=np.int32),
    )

for batch in [3, 1]:
    compare(
        f"LRN, batch of {batch}",
        f"""lrn (float[{batch}, 3, 1, 1] x) => (float[{batch}, 3, 1, 1] y) {{
            y = LRN <size = 3, alpha = 3.0, beta = 1.0, bias = 1.0> (x)
        }}""",
        lambda y: numbers(y[0]),
        x=np.ones((batch, 3, 1, 1), dtype=np.float32),
    )

for p in [2, 1]:
    compare(
        f"LpNormalization, p {p}",
        f"lp (float[1, 3] x) => (float[1, 3] y) {{ y = LpNormalization <p = {p}> (x) }}",
        numbers,
        x=np.array([[3, -4, 0.5]], dtype=np.float32),
    )
PROGRAM

expected='MaxPool, pads 1, 1, 1, 1: ONNX Runtime 5x5 from 0, evaluator 5x5 from 0
MaxPool, pads 0, 0, 1, 1: ONNX Runtime 4x4 from 5, evaluator 3x5 from 4
LSTM of length 2, steps 5 and 9: ONNX Runtime 0.827, evaluator 0.827
LSTM of length 1, step 5, then padding: ONNX Runtime 0.449, evaluator 0.204
LRN, batch of 3: ONNX Runtime 0.333 0.25 0.333, evaluator 0.333 0.25 0.333
LRN, batch of 1: ONNX Runtime 0.333 0.25 0.333, evaluator 0.333 1 1
LpNormalization, p 2: ONNX Runtime 0.597 -0.796 0.0995, evaluator 0.597 -0.796 0.0995
LpNormalization, p 1: ONNX Runtime 0.4 -0.533 0.0667, evaluator -6 8 -1'
seen=$(ORT_DISABLE_TELEMETRY=1 PYTHONPATH=packages python3 program.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
