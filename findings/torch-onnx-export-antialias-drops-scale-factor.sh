#!/usr/bin/env bash
# torch 2.15.0 with onnxscript 0.7.2: torch.onnx.export writes interpolate(scale_factor=..., antialias=True) as a Resize
# to a size without the factor, so where the size was rounded the model resizes by another factor than PyTorch.
#
# A factor of 0.5 makes 18 pixels of 37. PyTorch goes on with steps of 2 pixels; the exported model, which knows only
# the 18, with steps of 37/18, so it is off by a pixel at the far end. Without antialias the exporter writes the
# factor, and where nothing is rounded, as for 36 pixels, both are the same, so a test with a round size shows nothing.
# Nothing warns, and the documentation names no such limit. PyTorch documents that the factor "will be used directly for
# interpolation" unless recompute_scale_factor is True.
#
# Expected: 0.00 in every line.
# What helps: to replace the sizes of the Resize in the exported model by scales, as in the second numbers below; or
# recompute_scale_factor=True, with which PyTorch gives what the exported model does.
# Needs Python 3 with pip, instead of Node.js, and downloads some gigabytes, as torch from PyPI brings CUDA.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target packages \
  torch==2.15.0 onnxscript==0.7.2 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6

cat >program.py <<'PROGRAM'
import functools
import logging
import warnings

import onnxruntime
import torch
from onnx import numpy_helper

warnings.simplefilter("ignore")
logging.disable()
onnxruntime.set_default_logger_severity(3)


class Interpolate(torch.nn.Module):
    def __init__(self, **options):
        super().__init__()
        self.resize = functools.partial(torch.nn.functional.interpolate, **options)

    def forward(self, x):
        return self.resize(x)


def difference(proto, x, expected):
    y = onnxruntime.InferenceSession(proto.SerializeToString()).run(None, {"x": x.numpy()})[0]
    return f"{abs(y - expected.numpy()).max():.2f}"


torch.manual_seed(0)
for mode, size, antialias in [
    ("bilinear", 37, False), ("bilinear", 36, True), ("bilinear", 37, True), ("bicubic", 37, True)
]:
    x = torch.rand(1, 1, size, size)
    module = Interpolate(scale_factor=0.5, mode=mode, antialias=antialias)
    proto = torch.onnx.export(module, (x,), dynamo=True, verbose=False).model_proto
    text = f"{mode}, {size} pixels{', antialias' if antialias else ''}: off by {difference(proto, x, module(x))}"
    [resize] = [node for node in proto.graph.node if node.op_type == "Resize"]
    if len(resize.input) == 4:
        scales = numpy_helper.from_array(torch.tensor([1, 1, 0.5, 0.5]).numpy(), "scales")
        proto.graph.initializer.append(scales)
        resize.input[:] = [resize.input[0], "", "scales"]
        text += f", with scales by {difference(proto, x, module(x))}"
    print(text)
PROGRAM

expected='bilinear, 37 pixels: off by 0.00
bilinear, 36 pixels, antialias: off by 0.00, with scales by 0.00
bilinear, 37 pixels, antialias: off by 0.15, with scales by 0.00
bicubic, 37 pixels, antialias: off by 0.29, with scales by 0.00'
seen=$(ORT_DISABLE_TELEMETRY=1 PYTHONPATH=packages python3 program.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
