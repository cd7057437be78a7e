#!/usr/bin/env bash
# onnxsim 0.8.1: two reductions, the first with keepdims=1 and the second without, become one that drops the
# dimensions of both, so what follows is broadcast in another way and the model gives other numbers.
#
# x.mean(-1, keepdim=True).mean(1) has a dimension of 1 at its end, which makes a column of it. The pass that fuses
# consecutive reductions takes the axes of both and the second one's keepdims=0: the column becomes a vector. Below, a
# product of a column and a row, four numbers, becomes one of two vectors, two numbers. Neither simplify() nor the
# command says anything, and onnx.checker accepts the result, without full_check. ONNX Runtime runs it. Only check_n,
# which is 0 by default, compares. With the same keepdims in both it is right.
#
# Expected: a Squeeze or a Reshape after the fused reduction, or no fusion. onnxsim makes such a Squeeze where the
# second reduction is of a dimension of 1.
# What helps: check_n=1 and its result, or the same keepdims in both and an explicit Squeeze.
# Needs Python 3 with pip, instead of Node.js.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target packages \
  onnxsim==0.8.1 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6

cat >program.py <<'EOF'
import numpy as np
import onnx
import onnxruntime
import onnxsim

onnxruntime.set_default_logger_severity(4)
x = np.arange(12, dtype=np.float32).reshape(2, 2, 3)


def run(model):
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(None, {"x": x})[0].tolist()


for keepdims, shape in [(0, "2, 2"), (1, "2, 1, 2")]:
    model = onnx.parser.parse_model(f"""<ir_version: 8, opset_import: ["": 18]>
        graph (float[2, 2, 3] x) => (float[{shape}] y)
        <int64[1] last = {{2}}, int64[1] middle = {{1}}, float[2] row = {{1, 10}}> {{
            kept = ReduceMean <keepdims = 1> (x, last)
            column = ReduceMean <keepdims = {keepdims}> (kept, middle)
            y = Mul (column, row)
        }}""")
    onnx.checker.check_model(model, full_check=True)
    simplified, _ = onnxsim.simplify(model)
    onnx.checker.check_model(simplified)
    print(f"keepdims=1, then {keepdims}: {run(model)}, simplified: {run(simplified)}")
EOF

expected='keepdims=1, then 0: [[2.5, 25.0], [8.5, 85.0]], simplified: [2.5, 85.0]
keepdims=1, then 1: [[[2.5, 25.0]], [[8.5, 85.0]]], simplified: [[[2.5, 25.0]], [[8.5, 85.0]]]'
seen=$(ORT_DISABLE_TELEMETRY=1 PYTHONPATH=packages python3 program.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
