#!/usr/bin/env bash
# onnxruntime 1.32.0: quantize_static loses the factor of a Gemm's bias (beta), and in the usual case divides by it.
#
# A Gemm computes alpha * x * w + beta * bias; torch.addmm with beta becomes one. The quantized model's Gemm has no
# beta any more, so the quantized bias should hold beta * bias. Instead beta goes into the scale of the quantized bias.
# In the QDQ format, the default, the bias comes out as it was, without beta, as long as nothing is optimized; the
# session's optimizer then takes the scale to be that of x times that of w, as it is without a beta, and the bias comes
# out divided by beta. With the format QOperator that is so at once. Where results become too large by it, they end at
# the largest number of the calibration. Nothing warns, and the model passes onnx's checker. (Gemms with an alpha and a
# bias are wrong for another reason: onnxruntime's issue 28130.)
#
# Expected: about the numbers of the model before, in the first line of each block. For beta = 1 they are.
# What helps: to multiply the bias by beta before, and to set beta to 1.
# Needs Python 3 with pip, instead of Node.js.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target packages \
  onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6

cat >program.py <<'PROGRAM'
import logging

import numpy as np
import onnx
from onnxruntime import GraphOptimizationLevel, InferenceSession, SessionOptions
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static

logging.disable(logging.WARNING)
x = np.float32([[1, 2], [3, 4]])


class Samples(CalibrationDataReader):
    def __init__(self):
        self.samples = iter([{"x": x}])

    def get_next(self):
        return next(self.samples, None)


def show(title, path, level):
    options = SessionOptions()
    options.graph_optimization_level = level
    y = InferenceSession(path, options).run(None, {"x": x})[0]
    print(f"  {title}: {' '.join(f'{number:.0f}' for number in y.ravel())}")


for beta in (1.0, 2.0, 0.25):
    model = onnx.parser.parse_model(f"""<ir_version: 10, opset_import: ["": 21]>
        layer (float[2, 2] x) => (float[2, 2] y) <float[2, 2] w = {{1, 0, 0, 1}}, float[2] bias = {{20, 40}}> {{
            y = Gemm <beta = {beta}> (x, w, bias)
        }}""")
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, "model.onnx")
    print(f"beta = {beta}")
    show("before", "model.onnx", GraphOptimizationLevel.ORT_ENABLE_ALL)
    for quant_format in (QuantFormat.QDQ, QuantFormat.QOperator):
        quantize_static("model.onnx", "quantized.onnx", Samples(), quant_format=quant_format)
        onnx.checker.check_model(onnx.load("quantized.onnx"))
        show(quant_format.name, "quantized.onnx", GraphOptimizationLevel.ORT_ENABLE_ALL)
        show(f"{quant_format.name}, not optimized", "quantized.onnx", GraphOptimizationLevel.ORT_DISABLE_ALL)
PROGRAM

expected='beta = 1.0
  before: 21 42 23 44
  QDQ: 21 42 23 44
  QDQ, not optimized: 21 42 23 44
  QOperator: 21 42 23 44
  QOperator, not optimized: 21 42 23 44
beta = 2.0
  before: 41 82 43 84
  QDQ: 11 22 13 24
  QDQ, not optimized: 21 42 23 44
  QOperator: 11 22 13 24
  QOperator, not optimized: 11 22 13 24
beta = 0.25
  before: 6 12 8 14
  QDQ: 14 14 14 14
  QDQ, not optimized: 14 14 14 14
  QOperator: 14 14 14 14
  QOperator, not optimized: 14 14 14 14'
seen=$(ORT_DISABLE_TELEMETRY=1 PYTHONPATH=packages python3 program.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
