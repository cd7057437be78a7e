#!/usr/bin/env bash
# onnx 1.23.2: the reference evaluator computes Softmax and LogSoftmax of opsets before 13 as those of 13, and the
# version converter keeps a Hardmax node as it is, so that it means something else, which the evaluator does not
# notice.
#
# Before opset 13 the three operators take the input for a matrix, all dimensions from the axis on being its rows, and
# the axis is 1 if it is not given; since 13 they work along one axis, the last by default. ONNX Runtime does both.
# The converter makes up for it for Softmax (Flatten, Softmax, Reshape) but not for Hardmax. The evaluator, which is
# there to say what is right, has one implementation for all opsets. So whoever checks a conversion with it sees a
# difference for Softmax, which was converted as it should be, and none for Hardmax, which was not. Nothing warns of
# an operator's version; for others, Dropout and ReduceSum among them, the evaluator has implementations of several
# versions.
#
# Expected: a sum of 1 for each input, everywhere.
# What helps: checking with ONNX Runtime 1.32.0, and converting before evaluating; Flatten and Reshape around a
# Hardmax.
# Needs Python 3 with pip, instead of Node.js.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target packages \
  onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6

cat >program.py <<'EOF'
import numpy as np
import onnx
import onnxruntime
from onnx.reference import ReferenceEvaluator
from onnx.version_converter import convert_version

x = np.arange(24, dtype=np.float32).reshape(2, 3, 4) % 7


def sums(model):
    """The sum of the probabilities of each of the two inputs, by ONNX Runtime and by the evaluator."""
    runtime = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": x})[0]
    reference = ReferenceEvaluator(model).run(None, {"x": x})[0]
    if model.graph.name == "LogSoftmax":
        runtime, reference = np.exp(runtime), np.exp(reference)
    text = [" ".join(f"{number:.0f}" for number in y.sum(axis=(1, 2))) for y in (runtime, reference)]
    return f"ONNX Runtime {text[0]}, evaluator {text[1]}"


for operator in ["Softmax", "LogSoftmax", "Hardmax"]:
    model = onnx.parser.parse_model(f"""<ir_version: 8, opset_import: ["": 12]>
        {operator} (float[2, 3, 4] x) => (float[2, 3, 4] y) {{ y = {operator} (x) }}""")
    onnx.checker.check_model(model, full_check=True)
    converted = convert_version(model, 13)
    converted.graph.name = operator
    print(f"{operator} of opset 12: {sums(model)}; converted to 13: {sums(converted)}")
EOF

expected='Softmax of opset 12: ONNX Runtime 1 1, evaluator 3 3; converted to 13: ONNX Runtime 1 1, evaluator 1 1
LogSoftmax of opset 12: ONNX Runtime 1 1, evaluator 3 3; converted to 13: ONNX Runtime 1 1, evaluator 1 1
Hardmax of opset 12: ONNX Runtime 1 1, evaluator 3 3; converted to 13: ONNX Runtime 3 3, evaluator 3 3'
seen=$(ORT_DISABLE_TELEMETRY=1 PYTHONPATH=packages python3 program.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
