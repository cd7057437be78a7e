#!/usr/bin/env bash
# pnnx 20261020 (from PyTorch to ncnn, its documentation's way): other numbers or sizes than PyTorch's for circular
# padding, div with a rounding_mode, pooling with ceil_mode and attention with add_zero_attn.
#
# - A circular padding becomes one of zeros, so the borders of panoramas and periodic signals do not meet. A convolution
#   with padding_mode="circular" does the same.
# - div with rounding_mode "floor" does not round, and with "trunc" it rounds down. floor_divide is right.
# - With ceil_mode, an AvgPool counts what lies beyond the input as zeros, although PyTorch does not, whatever
#   count_include_pad says. And PyTorch has no window that starts there, while ncnn has one of 0 or of -3.4e38.
# - MultiheadAttention ignores add_zero_attn.
#
# Nothing warns, while add_bias_kv and other things that ncnn lacks are said to be unsupported or ignored.
# Expected: PyTorch 2.15.0's numbers. Its documentation says that windows that would start in the right padded region
# are ignored.
# What helps: torch.cat for circular padding, floor_divide, torch.floor or torch.trunc of the quotient;
# count_include_pad=False where nothing is padded, and an input whose size fits the stride.
# Needs Python 3 with pip, instead of Node.js, and downloads some gigabytes, as torch from PyPI brings CUDA.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target packages \
  pnnx==20261020 ncnn==1.0.20261020 torch==2.15.0 numpy==2.4.6

cat >program.py <<'PROGRAM'
import subprocess

import ncnn
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


class Module(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


class Attention(nn.Module):
    def __init__(self, **options):
        super().__init__()
        torch.manual_seed(0)
        self.attention = nn.MultiheadAttention(4, 1, batch_first=True, **options)

    def forward(self, x):
        return self.attention(x, x, x)[0]


def run_ncnn(module, x):
    torch.jit.trace(module, x).save("model.pt")
    shape = f"inputshape=[{','.join(map(str, x.shape))}]"
    command = ["packages/bin/pnnx", "model.pt", shape, "fp16=0"]
    log = subprocess.run(command, check=True, capture_output=True, text=True)
    for line in (log.stdout + log.stderr).splitlines():
        if line.startswith("ignore") or "not supported" in line:
            print(line)
    with ncnn.Net() as net:
        net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
        net.load_param("model.ncnn.param")
        net.load_model("model.ncnn.bin")
        with net.create_extractor() as extractor:
            extractor.input("in0", ncnn.Mat(x[0].numpy()).clone())
            return np.array(extractor.extract("out0")[1])[None]


def show(y):
    y = np.asarray(y)
    return f"{'x'.join(map(str, y.shape))}: {' '.join(f'{number:.3g}' for number in y.ravel()[:9])}"


def compare(title, function, x):
    module = Module(function).eval()
    with torch.no_grad():
        expected = module(x).numpy()
    print(f"{title}: PyTorch {show(expected)}, ncnn {show(run_ncnn(module, x))}")


def numbers(*shape):
    return torch.arange(1.0, np.prod(shape) + 1).reshape(shape)


for mode in ["replicate", "reflect", "circular"]:
    compare(f"pad, {mode}", lambda x: F.pad(x, (1, 1), mode), numbers(1, 1, 4))
x = torch.tensor([[[-7.0, -5, -4, 3, 6, 7]]])
compare("floor_divide", lambda x: torch.floor_divide(x, 4), x)
for mode in [None, "floor", "trunc"]:
    compare(f"div, rounding_mode {mode}", lambda x: torch.div(x, 4, rounding_mode=mode), x)
for size, stride, count_include_pad in [(6, 2, True), (5, 2, False), (5, 2, True), (6, 3, True)]:
    pool = nn.AvgPool1d(2, stride, ceil_mode=True, count_include_pad=count_include_pad)
    compare(f"AvgPool1d of {size}, stride {stride}, count_include_pad {count_include_pad}", pool, numbers(1, 1, size))
for size, stride in [(5, 2), (6, 3)]:
    pool = nn.MaxPool1d(2, stride, ceil_mode=True)
    compare(f"MaxPool1d of {size}, stride {stride}", pool, numbers(1, 1, size))
for zero in [False, True]:
    attention = Attention(add_zero_attn=zero)
    compare(f"MultiheadAttention, add_zero_attn {zero}", attention, numbers(1, 2, 4) - 4)
PROGRAM

expected='pad, replicate: PyTorch 1x1x6: 1 1 2 3 4 4, ncnn 1x1x6: 1 1 2 3 4 4
pad, reflect: PyTorch 1x1x6: 2 1 2 3 4 3, ncnn 1x1x6: 2 1 2 3 4 3
pad, circular: PyTorch 1x1x6: 4 1 2 3 4 1, ncnn 1x1x6: 0 1 2 3 4 0
floor_divide: PyTorch 1x1x6: -2 -2 -1 0 1 1, ncnn 1x1x6: -2 -2 -1 0 1 1
div, rounding_mode None: PyTorch 1x1x6: -1.75 -1.25 -1 0.75 1.5 1.75, ncnn 1x1x6: -1.75 -1.25 -1 0.75 1.5 1.75
div, rounding_mode floor: PyTorch 1x1x6: -2 -2 -1 0 1 1, ncnn 1x1x6: -1.75 -1.25 -1 0.75 1.5 1.75
div, rounding_mode trunc: PyTorch 1x1x6: -1 -1 -1 0 1 1, ncnn 1x1x6: -2 -2 -1 0 1 1
AvgPool1d of 6, stride 2, count_include_pad True: PyTorch 1x1x3: 1.5 3.5 5.5, ncnn 1x1x3: 1.5 3.5 5.5
AvgPool1d of 5, stride 2, count_include_pad False: PyTorch 1x1x3: 1.5 3.5 5, ncnn 1x1x3: 1.5 3.5 5
AvgPool1d of 5, stride 2, count_include_pad True: PyTorch 1x1x3: 1.5 3.5 5, ncnn 1x1x3: 1.5 3.5 2.5
AvgPool1d of 6, stride 3, count_include_pad True: PyTorch 1x1x2: 1.5 4.5, ncnn 1x1x3: 1.5 4.5 0
MaxPool1d of 5, stride 2: PyTorch 1x1x3: 2 4 5, ncnn 1x1x3: 2 4 5
MaxPool1d of 6, stride 3: PyTorch 1x1x2: 2 5, ncnn 1x1x3: 2 5 -3.4e+38
MultiheadAttention, add_zero_attn False: PyTorch 1x2x4: -0.879 -0.123 -0.383 0.848 0.595 0.0137 0.251 0.547, ncnn 1x2x4: -0.879 -0.123 -0.383 0.848 0.595 0.0137 0.251 0.547
MultiheadAttention, add_zero_attn True: PyTorch 1x2x4: -0.854 -0.12 -0.372 0.824 0.186 0.00429 0.0787 0.171, ncnn 1x2x4: -0.879 -0.123 -0.383 0.848 0.595 0.0137 0.251 0.547'
seen=$(PYTHONPATH=packages python3 program.py 2>/dev/null)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
