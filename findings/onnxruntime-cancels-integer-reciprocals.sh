#!/usr/bin/env bash
# onnxruntime 1.32.0: its optimizer turns z * (1 / x) into z / x for integers too, where 1 / x is 0 for all x above 1.
#
# The fusion of Div and Mul is right about real numbers. With integers 7 * (1 / 2) is 7 * 0, but the optimized model
# gives 7 / 2, which is 3; an integer 1 / x is a way to ask where x is 1. And where the constant 1 has more dimensions
# than x and z, the result should have as many, but loses them: [1, 3] becomes [3], though the model states its shape,
# of which there is a warning. It happens at each level of optimization but ORT_DISABLE_ALL. The documentation calls the
# basic one "semantics-preserving".
#
# Expected: the numbers and shapes without optimizations, which are those of onnx's reference evaluator.
# What helps: disabled_optimizers=["DivMulFusion"] when creating the session, or Equal and Cast instead of Div.
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

onnxruntime.set_default_logger_severity(4)


def show(y):
    return f"{list(y.shape)} of {' '.join(f'{number:.3g}' for number in y.ravel())}"


def compare(title, element, dtype, ones="", shape="3", **options):
    model = onnx.parser.parse_model(f"""<ir_version: 10, opset_import: ["": 20]>
        product ({element}[3] x, {element}[3] z) => ({element}[{shape}] y) <{element}{ones} one = {{1}}> {{
            reciprocal = Div (one, x)
            y = Mul (z, reciprocal)
        }}""")
    onnx.checker.check_model(model, full_check=True)
    inputs = {"x": np.array([1, 2, 4], dtype=dtype), "z": np.array([7, 7, 7], dtype=dtype)}
    expected = ReferenceEvaluator(model).run(None, inputs)[0]
    seen = []
    levels = onnxruntime.GraphOptimizationLevel
    for level in [levels.ORT_DISABLE_ALL, levels.ORT_ENABLE_ALL]:
        settings = onnxruntime.SessionOptions()
        settings.graph_optimization_level = level
        session = onnxruntime.InferenceSession(model.SerializeToString(), settings, **options)
        seen.append(show(session.run(None, inputs)[0]))
    print(f"{title}: evaluator {show(expected)}, not optimized {seen[0]}, optimized {seen[1]}")


compare("float", "float", np.float32)
compare("int32", "int32", np.int32)
compare("int64", "int64", np.int64)
compare("float, 1 of shape [1, 1]", "float", np.float32, "[1, 1]", "1, 3")
compare("int64 without the fusion", "int64", np.int64, disabled_optimizers=["DivMulFusion"])
PROGRAM

expected='float: evaluator [3] of 7 3.5 1.75, not optimized [3] of 7 3.5 1.75, optimized [3] of 7 3.5 1.75
int32: evaluator [3] of 7 0 0, not optimized [3] of 7 0 0, optimized [3] of 7 3 1
int64: evaluator [3] of 7 0 0, not optimized [3] of 7 0 0, optimized [3] of 7 3 1
float, 1 of shape [1, 1]: evaluator [1, 3] of 7 3.5 1.75, not optimized [1, 3] of 7 3.5 1.75, optimized [3] of 7 3.5 1.75
int64 without the fusion: evaluator [3] of 7 0 0, not optimized [3] of 7 0 0, optimized [3] of 7 0 0'
seen=$(ORT_DISABLE_TELEMETRY=1 PYTHONPATH=packages python3 program.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
