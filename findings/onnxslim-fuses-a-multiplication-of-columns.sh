#!/usr/bin/env bash
# onnxslim 0.1.98: a constant that multiplies the columns, the rows or the items of a batch of a convolution's result
# is taken for one of its channels if there happen to be as many, and the model gives other numbers.
#
# Mul after Conv is fused into the weights if the constant has one number for each channel; that it is along the
# channels is not looked at. A window over 64 frequencies after a convolution to 64 channels is enough, or a constant
# of shape [C] for pictures of C pixels' width, which ONNX broadcasts along the last dimension. slim() and the command
# say nothing, as the shapes stay right. Where the numbers differ, and for channels, it is right.
#
# Expected: a fusion for shapes such as [C, 1, 1] alone, as ONNX Runtime and onnxsim do it.
# What helps: skip_fusion_patterns=["FusionConvMul"].
# Needs Python 3 with pip, instead of Node.js.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target packages \
  onnxslim==0.1.98 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6

cat >program.py <<'EOF'
import numpy as np
import onnx
import onnxruntime
import onnxslim

x = np.ones((2, 1, 2, 2), dtype=np.float32)


def run(model):
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(None, {"x": x})[0].ravel().astype(int).tolist()


for name, shape, skip in [
    ("channels", "2, 1, 1", []),
    ("rows", "2, 1", []),
    ("columns", "2", []),
    ("batch", "2, 1, 1, 1", []),
    ("without the fusion", "2", ["FusionConvMul"]),
]:
    model = onnx.parser.parse_model(f"""<ir_version: 8, opset_import: ["": 18]>
        graph (float[2, 1, 2, 2] x) => (float[2, 2, 2, 2] y)
        <float[2, 1, 1, 1] weights = {{1, 1}}, float[{shape}] factors = {{1, 10}}> {{
            convolved = Conv (x, weights)
            y = Mul (convolved, factors)
        }}""")
    onnx.checker.check_model(model, full_check=True)
    before, after = run(model), run(onnxslim.slim(model, skip_fusion_patterns=skip))
    print(f"{name}: {before[:8]}, {'the same' if before == after else f'slimmed: {after[:8]}'}")
EOF

expected='channels: [1, 1, 1, 1, 10, 10, 10, 10], the same
rows: [1, 1, 10, 10, 1, 1, 10, 10], slimmed: [1, 1, 1, 1, 10, 10, 10, 10]
columns: [1, 10, 1, 10, 1, 10, 1, 10], slimmed: [1, 1, 1, 1, 10, 10, 10, 10]
batch: [1, 1, 1, 1, 1, 1, 1, 1], slimmed: [1, 1, 1, 1, 10, 10, 10, 10]
without the fusion: [1, 10, 1, 10, 1, 10, 1, 10], the same'
seen=$(ORT_DISABLE_TELEMETRY=1 PYTHONPATH=packages python3 program.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
