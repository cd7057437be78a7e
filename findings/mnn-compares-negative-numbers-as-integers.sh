#!/usr/bin/env bash
# MNN 3.6.1: on a CPU, comparisons of two negative numbers are the wrong way around: -3 < -1.5 is false and -1 < -1.5
# is true.
#
# The kernel seems to compare the bits of float32 numbers as if they were of int32, where a negative number is the
# greater, the farther it is from 0. In MNN.expr and MNN.numpy that goes for less, less_equal, greater and
# greater_equal, with a number or an array. In a model converted from ONNX it goes for Less, but not for Greater,
# LessOrEqual and GreaterOrEqual. Where one of the two is not below 0 the results are right, and nothing warns, but
# masks of logits, log probabilities and coordinates below 0 are of such pairs. It is the same with MNN 3.5.0 and 3.4.1.
#
# Expected: 1 1 0 0 0 for each "less", and 0 0 1 1 1 for each "greater", as of NumPy and ONNX Runtime.
# What helps: a comparison of the difference with 0; in ONNX, Greater of the inputs in the other order.
# Needs Python 3 with pip, instead of Node.js.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target packages \
  MNN==3.6.1 onnx==1.23.2 numpy==2.4.6

cat >program.py <<'PROGRAM'
import MNN.expr as expr
import MNN.nn
import MNN.numpy
import onnx
from _tools import mnnconvert  # MNN.tools.mnnconvert without its report of uses

numbers = [-3, -2, -1, 0, 1]
seen = open("seen", "w")


def show(title, values):
    print(f"{title}:", *(int(value) for value in values), file=seen)


def constant(values):
    return expr.const([float(value) for value in values], [len(values)], expr.NCHW, expr.float)


def convert(operator, inputs):
    model = onnx.parser.parse_model(f"""<ir_version: 8, opset_import: ["": 18]>
        compare (float[5] x) => (float[5] y) <float limit = {{-1.5}}, float one = {{1}}, float zero = {{0}}> {{
            condition = {operator} ({inputs})
            y = Where (condition, one, zero)
        }}""")
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, "model.onnx")
    arguments = {"-f": "ONNX", "--modelFile": "model.onnx", "--MNNModel": "model.mnn", "--bizCode": "model"}
    mnnconvert(["mnnconvert", *(word for pair in arguments.items() for word in pair)])
    placeholder = expr.placeholder([5], expr.NCHW, expr.float)
    placeholder.write([float(number) for number in numbers])
    return MNN.nn.load_module_from_file("model.mnn", ["x"], ["y"]).forward(placeholder).read()


limits = constant([-1.5] * 5)
show("expr.less", expr.less(constant(numbers), limits).read())
show("expr.less of the difference and 0", expr.less(constant(numbers) - limits, constant([0] * 5)).read())
show("expr.greater", expr.greater(constant(numbers), limits).read())
show("array < -1.5", (MNN.numpy.array([float(number) for number in numbers]) < -1.5).read())
show("ONNX Less", convert("Less", "x, limit"))
show("ONNX Greater, inputs in the other order", convert("Greater", "limit, x"))
PROGRAM

expected='expr.less: 0 0 1 0 0
expr.less of the difference and 0: 1 1 0 0 0
expr.greater: 0 0 1 1 1
array < -1.5: 0 0 1 0 0
ONNX Less: 0 0 1 0 0
ONNX Greater, inputs in the other order: 1 1 0 0 0'
PYTHONPATH=packages python3 program.py >log 2>&1 || cat log
seen=$(cat seen)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
