#!/usr/bin/env bash
# candle-onnx 0.11.1: an LSTM mixes the batch with the steps, a power of a negative number is NaN, and Transpose,
# Flatten, PRelu and pooling take other axes or sizes than ONNX says.
#
# In the sequence that an LSTM gives for a batch of two, the steps of the first item come before those of the second,
# but the shape says the other way round. (-3) ** 3 is NaN if the exponent is a tensor of several numbers. Transpose
# without perm exchanges the last two axes, instead of reversing all. Flatten with the axis -1 makes a column. A slope
# of PRelu that is as long as the last axis is taken for one of each channel. ceil_mode of MaxPool and AveragePool has
# no effect. simple_eval says nothing about them, though it gives an error for many other things.
#
# Expected: the numbers of ONNX Runtime 1.32.0, which follow from the operators' descriptions.
# What helps: batches of one; Mul instead of Pow; perm in full; axes from 0; a slope of shape [C, 1, 1]; padded sizes.
# Needs Python 3 with pip and a recent Rust with cargo, instead of Node.js.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target packages \
  onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6 grpcio-tools==1.85.1
mkdir src
# The build of candle-onnx runs protoc, which grpcio-tools has as a module.
printf '#!/bin/sh\nPYTHONPATH="%s/packages" exec python3 -m grpc_tools.protoc "$@"\n' "$folder" >protoc
chmod +x protoc
cat >Cargo.toml <<'EOF'
[package]
name = "program"
version = "0.0.0"
edition = "2024"
[dependencies]
candle-core = "=0.11.1"
candle-onnx = "=0.11.1"
EOF

cat >src/main.rs <<'EOF'
use candle_core::{DType, Device, Tensor};
use std::collections::HashMap;

// Runs a model on one tensor: its file, the tensor's shape and its numbers.
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let model = candle_onnx::read_file(&arguments[1])?;
    let shape: Vec<usize> = arguments[2].split(',').map(|size| size.parse()).collect::<Result<_, _>>()?;
    let numbers: Vec<f32> = arguments[3].split(',').map(|number| number.parse()).collect::<Result<_, _>>()?;
    let x = Tensor::from_vec(numbers, shape, &Device::Cpu)?;
    let y = &candle_onnx::simple_eval(&model, HashMap::from([("x".to_string(), x)]))?["y"];
    let numbers = y.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>()?;
    println!("{:?}", y.dims());
    println!("{}", numbers.iter().map(f32::to_string).collect::<Vec<_>>().join(","));
    Ok(())
}
EOF
PROTOC="$folder/protoc" cargo build --quiet --target-dir target

cat >program.py <<'PROGRAM'
import json
import subprocess

import numpy as np
import onnx
import onnxruntime

onnxruntime.set_default_logger_severity(4)


def show(shape, numbers):
    return f"{'x'.join(map(str, shape))}: {' '.join(f'{number:.3g}' for number in numbers)}"


def compare(title, shape, body, result, x, initializers=""):
    model = onnx.parser.parse_model(f"""<ir_version: 8, opset_import: ["": 17]>
        model (float[{shape}] x) => (float[{result}] y) <{initializers}> {{ {body} }}""")
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, "model.onnx")
    x = np.float32(x).reshape([int(size) for size in shape.split(",")])
    expected = onnxruntime.InferenceSession("model.onnx").run(["y"], {"x": x})[0]
    operands = ["model.onnx", shape.replace(" ", ""), ",".join(map(str, x.ravel()))]
    output = subprocess.run(["target/debug/program", *operands], check=True, capture_output=True, text=True).stdout
    dims, numbers = output.splitlines()
    seen = show(json.loads(dims), [float(number) for number in numbers.split(",")])
    print(f"{title}: ONNX Runtime {show(expected.shape, expected.ravel())}, candle {seen}")


for batch in [1, 2]:
    compare(
        f"LSTM, batch of {batch}", f"2, {batch}, 1", "y, h, c = LSTM <hidden_size = 1> (x, w, w)", "a, b, c, d",
        [1, 3, 2, 9][: 2 * batch], "float[1, 4, 1] w = {1, 1, 1, 1}",
    )
for shape, exponents in [("1", "3"), ("3", "3, 3, 3")]:
    compare(
        f"Pow, exponents {exponents}", "3", "y = Pow (x, exponents)", "d", [-3, 0, 3],
        f"float[{shape}] exponents = {{{exponents}}}",
    )
for shape, result in [("2, 3", "a, b"), ("1, 2, 3", "a, b, c")]:
    compare("Transpose without perm", shape, "y = Transpose (x)", result, range(6))
for axis in [2, -1]:
    compare(f"Flatten, axis {axis}", "1, 2, 3", f"y = Flatten <axis = {axis}> (x)", "a, b", range(6))
for shape in ["2, 1", "2"]:
    compare(
        f"PRelu, slope of {shape}", "1, 2, 2", "y = PRelu (x, slope)", "a, b, c", [-1, -1, -1, -1],
        f"float[{shape}] slope = {{0.5, 0.1}}",
    )
for mode in [0, 1]:
    compare(
        f"MaxPool, ceil_mode {mode}", "1, 1, 3, 3",
        f"y = MaxPool <kernel_shape = [2, 2], strides = [2, 2], ceil_mode = {mode}> (x)", "a, b, c, d", range(9),
    )
PROGRAM

expected='LSTM, batch of 1: ONNX Runtime 2x1x1x1: 0.37 0.876, candle 2x1x1x1: 0.37 0.876
LSTM, batch of 2: ONNX Runtime 2x1x2x1: 0.37 0.704 0.811 0.96, candle 2x1x2x1: 0.37 0.811 0.704 0.96
Pow, exponents 3: ONNX Runtime 3: -27 0 27, candle 3: -27 0 27
Pow, exponents 3, 3, 3: ONNX Runtime 3: -27 0 27, candle 3: nan 0 27
Transpose without perm: ONNX Runtime 3x2: 0 3 1 4 2 5, candle 3x2: 0 3 1 4 2 5
Transpose without perm: ONNX Runtime 3x2x1: 0 3 1 4 2 5, candle 1x3x2: 0 3 1 4 2 5
Flatten, axis 2: ONNX Runtime 2x3: 0 1 2 3 4 5, candle 2x3: 0 1 2 3 4 5
Flatten, axis -1: ONNX Runtime 2x3: 0 1 2 3 4 5, candle 6x1: 0 1 2 3 4 5
PRelu, slope of 2, 1: ONNX Runtime 1x2x2: -0.5 -0.5 -0.1 -0.1, candle 1x2x2: -0.5 -0.5 -0.1 -0.1
PRelu, slope of 2: ONNX Runtime 1x2x2: -0.5 -0.1 -0.5 -0.1, candle 1x2x2: -0.5 -0.5 -0.1 -0.1
MaxPool, ceil_mode 0: ONNX Runtime 1x1x1x1: 4, candle 1x1x1x1: 4
MaxPool, ceil_mode 1: ONNX Runtime 1x1x2x2: 4 5 7 8, candle 1x1x1x1: 4'
seen=$(ORT_DISABLE_TELEMETRY=1 PYTHONPATH=packages python3 program.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
