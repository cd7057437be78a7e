#!/usr/bin/env bash
# onnx2torch 1.5.15: a CumSum without attributes runs backward, and the result of NonZero is transposed.
#
# ONNX says that reverse of CumSum is 0 where it is absent; the converter takes 1. torch.onnx.export leaves it out, so
# positions, ranks and cumulated probabilities of a model that goes from PyTorch to ONNX and back count from the other
# end. NonZero of ONNX, as of NumPy, has a row for each axis, and torch.nonzero one for each item; the converter gives
# the latter as it is, so what indexes with the first row gets the first item. The export's Transpose after it makes it
# of the wrong form again. The list of operators has CumSum as supported without a remark. It has NonZero as not
# supported, but the converter takes it all the same, and nothing warns.
#
# Expected: the numbers of ONNX Runtime 1.32.0, which follow from the operators' descriptions.
# What helps: reverse = 0 in the model, as below; module.reverse = False for each OnnxCumSum of the result, and a
# transposition after each OnnxNonZero.
# Needs Python 3 with pip, instead of Node.js, and downloads some gigabytes, as torch from PyPI brings CUDA.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target packages \
  onnx2torch==1.5.15 torch==2.15.0 torchvision==0.29.2 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6

cat >program.py <<'PROGRAM'
import numpy as np
import onnx
import onnxruntime
import torch
from onnx2torch import convert


def compare(title, node, x, constants=""):
    x = np.array(x, dtype=np.float32)
    kind, shape, sizes = ("int64", "2, 3", "a, b") if x.ndim == 2 else ("float", "3", "a")
    model = onnx.parser.parse_model(f"""<ir_version: 8, opset_import: ["": 14]>
        graph (float[{shape}] x) => ({kind}[{sizes}] y) <{constants}> {{ y = {node} }}""")
    onnx.checker.check_model(model, full_check=True)
    runtime = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": x})[0]
    module = convert(model).eval()(torch.from_numpy(x))
    show = lambda y: np.asarray(y).astype(int).tolist()
    print(f"{title}: ONNX Runtime {show(runtime)}, onnx2torch {show(module)}")


axis = "int64 axis = {0}"
compare("CumSum, reverse 0", "CumSum <reverse = 0> (x, axis)", [1, 2, 3], axis)
compare("CumSum, reverse 1", "CumSum <reverse = 1> (x, axis)", [1, 2, 3], axis)
compare("CumSum", "CumSum (x, axis)", [1, 2, 3], axis)
compare("NonZero", "NonZero (x)", [[0, 1, 0], [1, 0, 1]])
PROGRAM

expected='CumSum, reverse 0: ONNX Runtime [1, 3, 6], onnx2torch [1, 3, 6]
CumSum, reverse 1: ONNX Runtime [6, 5, 3], onnx2torch [6, 5, 3]
CumSum: ONNX Runtime [1, 3, 6], onnx2torch [6, 5, 3]
NonZero: ONNX Runtime [[0, 1, 1], [1, 0, 2]], onnx2torch [[0, 1], [1, 0], [1, 2]]'
seen=$(ORT_DISABLE_TELEMETRY=1 PYTHONPATH=packages python3 program.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
