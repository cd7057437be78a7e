#!/usr/bin/env bash
# rten 0.27.0: NonMaxSuppression gives a box to one class alone and divides overlaps by too much, ArgMax takes the last
# of equal numbers, Sign(0) is 1, a cubic Resize is linear, SAME_LOWER is SAME_UPPER and an LSTM runs over padding.
#
# A box whose score is above the threshold for two classes is one result for each in ONNX; rten keeps the class with the
# higher score. It divides the intersection of two boxes by the area of the smallest box around both, which is larger
# than their union unless they are aligned, so boxes stay that overlap by more than iou_threshold. ONNX says that ArgMax
# and ArgMin take the first of equal numbers, that Sign of 0 is 0, that SAME_LOWER puts the odd padding in front, and
# that sequence_lens ends a sequence of an LSTM. Loading and running say nothing, though rten promises an error for what
# it does not support, and gives one for many other attributes.
#
# Expected: the numbers of ONNX Runtime 1.32.0, which follow from the operators' descriptions.
# What helps: boxes from the scores by own code; pads instead of auto_pad; for the others another runtime.
# Needs Python 3 with pip and Rust 1.94 or newer with cargo, instead of Node.js.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target packages \
  onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
mkdir src
cat >Cargo.toml <<'EOF'
[package]
name = "program"
version = "0.0.0"
edition = "2024"
[dependencies]
rten = "=0.27.0"
rten-tensor = "=0.27.0"
EOF

cat >src/main.rs <<'EOF'
use rten::{Model, Value};
use rten_tensor::{AsView, Tensor};

// Runs a model on one tensor: its file, the tensor's shape and its numbers.
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let model = Model::load_file(&arguments[1])?;
    let shape: Vec<usize> = arguments[2].split(',').map(|size| size.parse()).collect::<Result<_, _>>()?;
    let numbers: Vec<f32> = arguments[3].split(',').map(|number| number.parse()).collect::<Result<_, _>>()?;
    let x: Value = Tensor::from_data(&shape, numbers).into();
    let y = model.run(vec![(model.node_id("x")?, x.into())], &[model.node_id("y")?], None)?.remove(0);
    let numbers: Vec<f64> = match &y {
        Value::FloatTensor(y) => y.iter().map(|number| f64::from(*number)).collect(),
        Value::Int32Tensor(y) => y.iter().map(|number| f64::from(*number)).collect(),
        _ => return Err("another type".into()),
    };
    println!("{}", numbers.iter().map(f64::to_string).collect::<Vec<_>>().join(","));
    Ok(())
}
EOF
cargo build --quiet --target-dir target

cat >program.py <<'PROGRAM'
import subprocess

import numpy as np
import onnx
import onnxruntime

onnxruntime.set_default_logger_severity(4)


def show(numbers, width):
    if not width:
        return " ".join(f"{number:.3g}" for number in numbers)
    return ", ".join(" ".join(str(int(number)) for number in row) for row in np.reshape(numbers, (-1, width)))


def compare(title, shape, body, x, result="float[d] y", initializers="", width=0):
    model = onnx.parser.parse_model(f"""<ir_version: 10, opset_import: ["": 21]>
        model (float[{shape}] x) => ({result}) <{initializers}> {{ {body} }}""")
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, "model.onnx")
    x = np.float32(x).reshape([int(size) for size in shape.split(",")])
    expected = onnxruntime.InferenceSession("model.onnx").run(["y"], {"x": x})[0].ravel()
    operands = ["model.onnx", shape.replace(" ", ""), ",".join(map(str, x.ravel()))]
    seen = subprocess.run(["target/debug/program", *operands], check=True, capture_output=True, text=True).stdout
    seen = [float(number) for number in seen.strip().split(",") if number]
    print(f"{title}: ONNX Runtime {show(expected, width)}, rten {show(seen, width)}")


def suppress(title, boxes, classes, scores):
    compare(
        f"NonMaxSuppression, {title}", f"1, {len(boxes)}, 4",
        "y = NonMaxSuppression (x, scores, limit, threshold)", boxes, "int64[d, 3] y",
        f"float[1, {classes}, {len(boxes)}] scores = {{{', '.join(map(str, scores))}}}, "
        "int64 limit = {9}, float threshold = {0.45}", 3,
    )


suppress("one class", [[0, 0, 9, 9], [0, 1, 9, 10], [20, 20, 29, 29]], 1, [0.9, 0.8, 0.7])
suppress("two classes", [[0, 0, 9, 9], [20, 20, 29, 29]], 2, [0.9, 0.8, 0.7, 0.6])
suppress("IoU 0.47", [[0, 0, 10, 10], [2, 2, 12, 12]], 1, [0.9, 0.8])
for operator, x in [("ArgMax", [1, 3, 2]), ("ArgMax", [1, 3, 3]), ("ArgMin", [1, 1, 3])]:
    compare(f"{operator} of {x}", "3", f"y = {operator} (x)", x, "int64[d] y")
compare("Sign of -2, 0 and 2", "3", "y = Sign (x)", [-2, 0, 2])
for mode in ["linear", "cubic"]:
    compare(
        f"Resize, {mode}", "1, 1, 1, 4", f'y = Resize <mode = "{mode}"> (x, , scales)', [0, 0, 1, 1],
        "float[a, b, c, d] y", "float[4] scales = {1, 1, 1, 2}",
    )
for padding in ["SAME_UPPER", "SAME_LOWER"]:
    compare(
        f"Conv, {padding}", "1, 1, 2, 2", f'y = Conv <kernel_shape = [2, 2], auto_pad = "{padding}"> (x, w)',
        [1, 2, 3, 4], "float[a, b, c, d] y", "float[1, 1, 2, 2] w = {1, 1, 1, 1}",
    )
for steps in [2, 1]:
    compare(
        f"LSTM, {steps} of 2 steps", "2, 1, 1", "_, y = LSTM <hidden_size = 1> (x, w, w, , lengths)", [5, 9],
        "float[a, b, c] y", f"float[1, 4, 1] w = {{1, 1, 1, 1}}, int32[1] lengths = {{{steps}}}",
    )
PROGRAM

expected='NonMaxSuppression, one class: ONNX Runtime 0 0 0, 0 0 2, rten 0 0 0, 0 0 2
NonMaxSuppression, two classes: ONNX Runtime 0 0 0, 0 0 1, 0 1 0, 0 1 1, rten 0 0 0, 0 0 1
NonMaxSuppression, IoU 0.47: ONNX Runtime 0 0 0, rten 0 0 0, 0 0 1
ArgMax of [1, 3, 2]: ONNX Runtime 1, rten 1
ArgMax of [1, 3, 3]: ONNX Runtime 1, rten 2
ArgMin of [1, 1, 3]: ONNX Runtime 0, rten 1
Sign of -2, 0 and 2: ONNX Runtime -1 0 1, rten -1 1 1
Resize, linear: ONNX Runtime 0 0 0 0.25 0.75 1 1 1, rten 0 0 0 0.25 0.75 1 1 1
Resize, cubic: ONNX Runtime 0 -0.0352 -0.105 0.227 0.773 1.11 1.04 1, rten 0 0 0 0.25 0.75 1 1 1
Conv, SAME_UPPER: ONNX Runtime 10 6 7 4, rten 10 6 7 4
Conv, SAME_LOWER: ONNX Runtime 1 3 4 10, rten 10 6 7 4
LSTM, 2 of 2 steps: ONNX Runtime 0.963, rten 0.963
LSTM, 1 of 2 steps: ONNX Runtime 0.754, rten 0.963'
seen=$(ORT_DISABLE_TELEMETRY=1 PYTHONPATH=packages python3 program.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
