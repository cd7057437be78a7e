#!/usr/bin/env bash
# onnxruntime 1.32.0: its optimizer makes a LayerNormalization of subgraphs that only resemble one, so a model gives
# other numbers than it says, with other signs, for instance.
#
# The fusion looks for ReduceMean, Sub, Pow, ReduceMean, Add, Sqrt and Div, but not at the order of the operands of Sub
# and Div nor at the exponent. So (mean - x) / deviation becomes (x - mean) / deviation, deviation / (x - mean) does,
# too, and the root of a fourth moment becomes that of the variance. It happens at each level of optimization but
# ORT_DISABLE_ALL, without a message. The documentation calls those of the basic level "semantics-preserving graph
# rewrites". The fusion for RMS normalization does look at its exponent and order.
#
# Expected: the numbers without optimizations, which are those of onnx's reference evaluator.
# What helps: disabled_optimizers=["LayerNormFusionL1", "LayerNormFusionL2"] when creating the session; or Mul instead
# of Pow, for exponents that allow it, which the fusion does not take for a square.
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

x = np.float32([[0, 1, 5]])


def show(y):
    return " ".join(f"{number:.2f}" for number in y.ravel())


def compare(title, sub="x, mean", exponent=2, div="centered, deviation", **options):
    model = onnx.parser.parse_model(f"""<ir_version: 10, opset_import: ["": 20]>
        norm (float[1, 3] x) => (float[1, 3] y) <
            int64[1] last = {{-1}}, float exponent = {{{exponent}}}, float epsilon = {{0.001}},
            float[3] scale = {{1, 1, 1}}, float[3] bias = {{0, 0, 0}}
        > {{
            mean = ReduceMean (x, last)
            centered = Sub ({sub})
            power = Pow (centered, exponent)
            moment = ReduceMean (power, last)
            positive = Add (moment, epsilon)
            deviation = Sqrt (positive)
            normalized = Div ({div})
            scaled = Mul (normalized, scale)
            y = Add (scaled, bias)
        }}""")
    onnx.checker.check_model(model, full_check=True)
    expected = ReferenceEvaluator(model).run(None, {"x": x})[0]
    seen = []
    levels = onnxruntime.GraphOptimizationLevel
    for level in [levels.ORT_DISABLE_ALL, levels.ORT_ENABLE_ALL]:
        settings = onnxruntime.SessionOptions()
        settings.graph_optimization_level = level
        session = onnxruntime.InferenceSession(model.SerializeToString(), settings, **options)
        seen.append(show(session.run(None, {"x": x})[0]))
    print(f"{title}: evaluator {show(expected)}, not optimized {seen[0]}, optimized {seen[1]}")


compare("(x - mean) / deviation")
compare("(mean - x) / deviation", sub="mean, x")
compare("deviation / (x - mean)", div="deviation, centered")
compare("(x - mean) / root of fourth moment", exponent=4)
compare("without the fusion", sub="mean, x", disabled_optimizers=["LayerNormFusionL1", "LayerNormFusionL2"])
PROGRAM

expected='(x - mean) / deviation: evaluator -0.93 -0.46 1.39, not optimized -0.93 -0.46 1.39, optimized -0.93 -0.46 1.39
(mean - x) / deviation: evaluator 0.93 0.46 -1.39, not optimized 0.93 0.46 -1.39, optimized -0.93 -0.46 1.39
deviation / (x - mean): evaluator -1.08 -2.16 0.72, not optimized -1.08 -2.16 0.72, optimized -0.93 -0.46 1.39
(x - mean) / root of fourth moment: evaluator -0.35 -0.17 0.52, not optimized -0.35 -0.17 0.52, optimized -0.93 -0.46 1.39
without the fusion: evaluator 0.93 0.46 -1.39, not optimized 0.93 0.46 -1.39, optimized 0.93 0.46 -1.39'
seen=$(ORT_DISABLE_TELEMETRY=1 PYTHONPATH=packages python3 program.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
