#!/usr/bin/env bash
# tract 0.23.9: a Pad that names a value pads with it in the modes "reflect" and "edge", too, and Celu lacks its factor
# alpha.
#
# ONNX says of the input constant_value that it is used "if the mode chosen is `constant`". Where it is absent, tract
# follows the mode; where it is there, even as 0, each mode is "constant", so a border is black or a flat line instead
# of a mirrored picture. Celu(x) for x below 0 is alpha * (exp(x / alpha) - 1), of which tract gives exp(x / alpha) - 1,
# which is right for the default 1 only. Loading and running say nothing about either.
#
# Expected: the numbers of ONNX Runtime 1.32.0, which follow from the operators' descriptions.
# What helps: a Pad without its third input; Elu(x / alpha) * alpha instead of Celu.
# Needs Python 3 with pip, instead of Node.js.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target packages \
  tract==0.23.9 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6

cat >program.py <<'PROGRAM'
import numpy as np
import onnx
import onnxruntime
import tract

onnxruntime.set_default_logger_severity(4)


def compare(title, inputs, outputs, call, x, initializers=""):
    model = onnx.parser.parse_model(f"""<ir_version: 10, opset_import: ["": 21]>
        model (float[{inputs}] x) => (float[{outputs}] y) <{initializers}> {{ y = {call} }}""")
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, "model.onnx")
    x = np.float32(x)
    expected = onnxruntime.InferenceSession("model.onnx").run(None, {"x": x})[0]
    seen = tract.onnx().load("model.onnx").into_model().into_runnable().run([x])[0].to_numpy()
    texts = [" ".join(f"{number:.3g}" for number in y) for y in (expected, seen)]
    print(f"{title}: ONNX Runtime {texts[0]}, tract {texts[1]}")


for mode in ["constant", "reflect", "edge"]:
    for title, operands in [("", "x, pads"), (" with a value", "x, pads, value")]:
        value = ", float value = {0}" if "value" in operands else ""
        compare(
            f"Pad {mode}{title}", 4, 7, f'Pad <mode = "{mode}"> ({operands})', [1, 2, 3, 4],
            f"int64[2] pads = {{2, 1}}{value}",
        )
for alpha in [1.0, 2.0, 0.5]:
    compare(f"Celu {alpha}", 3, 3, f"Celu <alpha = {alpha}> (x)", [-3, -1, 1])
PROGRAM

expected='Pad constant: ONNX Runtime 0 0 1 2 3 4 0, tract 0 0 1 2 3 4 0
Pad constant with a value: ONNX Runtime 0 0 1 2 3 4 0, tract 0 0 1 2 3 4 0
Pad reflect: ONNX Runtime 3 2 1 2 3 4 3, tract 3 2 1 2 3 4 3
Pad reflect with a value: ONNX Runtime 3 2 1 2 3 4 3, tract 0 0 1 2 3 4 0
Pad edge: ONNX Runtime 1 1 1 2 3 4 4, tract 1 1 1 2 3 4 4
Pad edge with a value: ONNX Runtime 1 1 1 2 3 4 4, tract 0 0 1 2 3 4 0
Celu 1.0: ONNX Runtime -0.95 -0.632 1, tract -0.95 -0.632 1
Celu 2.0: ONNX Runtime -1.55 -0.787 1, tract -0.777 -0.393 1
Celu 0.5: ONNX Runtime -0.499 -0.432 1, tract -0.998 -0.865 1'
seen=$(ORT_DISABLE_TELEMETRY=1 PYTHONPATH=packages python3 program.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
