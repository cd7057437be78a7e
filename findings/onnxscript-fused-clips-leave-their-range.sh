#!/usr/bin/env bash
# onnxscript 0.7.2: the optimizer fuses Clip and Relu nodes into a Clip that gives numbers outside of the last one's
# range, negative ones after a Relu, where the two ranges do not meet. torch.onnx.export runs it by default.
#
# Clip(Clip(x, a, b), c, d) is one Clip from max(a, c) to min(b, d) if the ranges overlap. If they do not, the first
# number is larger than the second, and ONNX says that Clip then gives the second, which is the inner node's end and
# not the outer one's: below -1 where the result of a Relu is 0, and 0 where a Clip from 1 to 6 gives 1. Such pairs
# come about with clamps whose limits are parameters or from a configuration, and where one is a guard, such as a
# minimum of 1 for a divisor. Ranges that overlap come out right, as the last model below. The rules
# (fuse_relus_clips) are among the default ones, and nothing tells. torch 2.15.0 exports torch.relu(x.clamp(max=-1))
# as a Clip to -1 with optimize=True, its default.
#
# Expected: the same numbers before and after.
# What helps: optimize=False on export, or optimizing without these rules.
# Needs Python 3 with pip, instead of Node.js.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target packages \
  onnxscript==0.7.2 onnx-ir==1.1.0 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6

cat >program.py <<'EOF'
import numpy as np
import onnx
import onnxruntime
from onnxscript import optimizer

onnxruntime.set_default_logger_severity(4)
x = np.array([-5, -0.5, 0.5, 5], dtype=np.float32)


def run(model):
    return onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": x})[0].tolist()


for name, second, low, high in [
    ("Clip to -3..-1, then Relu", "Relu (inner)", -3, -1),
    ("Clip to -3..0, then to 1..6", "Clip (inner, one, six)", -3, 0),
    ("Clip to -3..2, then to 1..6", "Clip (inner, one, six)", -3, 2),
]:
    model = onnx.parser.parse_model(f"""<ir_version: 8, opset_import: ["": 18]>
        graph (float[4] x) => (float[4] y)
        <float low = {{{low}}}, float high = {{{high}}}, float one = {{1}}, float six = {{6}}> {{
            inner = Clip (x, low, high)
            y = {second}
        }}""")
    onnx.checker.check_model(model, full_check=True)
    print(f"{name}: {run(model)}, optimized: {run(optimizer.optimize(model))}")
EOF

expected='Clip to -3..-1, then Relu: [0.0, 0.0, 0.0, 0.0], optimized: [-1.0, -1.0, -1.0, -1.0]
Clip to -3..0, then to 1..6: [1.0, 1.0, 1.0, 1.0], optimized: [0.0, 0.0, 0.0, 0.0]
Clip to -3..2, then to 1..6: [1.0, 1.0, 1.0, 2.0], optimized: [1.0, 1.0, 1.0, 2.0]'
seen=$(ORT_DISABLE_TELEMETRY=1 PYTHONPATH=packages python3 program.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
