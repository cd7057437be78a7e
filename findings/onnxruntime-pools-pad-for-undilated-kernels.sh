#!/usr/bin/env bash
# onnxruntime 1.32.0: MaxPool, AveragePool and LpPool with auto_pad SAME_UPPER or SAME_LOWER and dilations pad as if the
# kernel were not dilated, so the result is too small and shifted.
#
# SAME is there to keep the size: the output has ceil(input / stride) numbers, and the padding follows from that and the
# dilated kernel, as ONNX's description of the operators has it and its shape inference and reference evaluator do. ONNX
# Runtime takes the plain kernel for the padding and the dilated one for the size. It returns a shape other than the
# declared one, without an error (a warning is logged where the graph states the shape); a Conv of the same attributes
# is refused with "Dilation not supported for AutoPadType::SAME_UPPER". A Flatten and a global pooling afterwards take
# any size, so only the numbers tell.
#
# Expected: 8 numbers in every line, and the same as with explicit pads.
# What helps: explicit pads instead of auto_pad (half of dilation x (kernel - 1) at each end, for stride 1).
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

onnxruntime.set_default_logger_severity(3)
x = np.arange(8, dtype=np.float32).reshape(1, 1, 8)

for operator, attribute in [("MaxPool", ""), ("AveragePool", ""), ("LpPool", ", p = 1")]:
    for padding in ['auto_pad = "SAME_UPPER"', "pads = [2, 2]"]:
        model = onnx.parser.parse_model(f"""<ir_version: 10, opset_import: ["": 22]>
            graph (float[1, 1, 8] x) => (float[1, 1, 8] y) {{
                y = {operator} <kernel_shape = [3], dilations = [2], {padding}{attribute}> (x)
            }}""")
        onnx.checker.check_model(model, full_check=True)
        y = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": x})[0]
        print(f"{operator}, {padding}: {' '.join(f'{number:g}' for number in y.ravel())}")
PROGRAM

expected='MaxPool, auto_pad = "SAME_UPPER": 3 4 5 6 7 6
MaxPool, pads = [2, 2]: 2 3 4 5 6 7 6 7
AveragePool, auto_pad = "SAME_UPPER": 2 2 3 4 5 5
AveragePool, pads = [2, 2]: 1 2 2 3 4 5 5 6
LpPool, auto_pad = "SAME_UPPER": 4 6 9 12 15 10
LpPool, pads = [2, 2]: 2 4 6 9 12 15 10 12'
seen=$(ORT_DISABLE_TELEMETRY=1 PYTHONPATH=packages python3 program.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
