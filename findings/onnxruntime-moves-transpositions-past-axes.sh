#!/usr/bin/env bash
# onnxruntime 1.32.0: a Pad or a Resize with axes that follows a Transpose pads or resizes other axes once the model is
# optimized, or does not run any more.
#
# The optimizer moves the Transpose behind the Pad and reorders the pads as if there were no axes, which it keeps: pads
# of axes 2, 1, 0, given in this order, come out on others, in other shapes than the model states. If axes names but
# some of the axes, there are too few pads to reorder, and the run fails in a Gather that the model does not have. So do
# scales of a Resize. It happens at each level of optimization but ORT_DISABLE_ALL for Pad, from ORT_ENABLE_EXTENDED on
# for Resize, with a warning about the shape at most. ONNX has axes for Pad and Resize since opset 18.
#
# Expected: the shapes without optimizations, which are those of onnx's reference evaluator.
# What helps: disabled_optimizers=["TransposeOptimizer", "TransposeOptimizer_CPUExecutionProvider"] when creating the
# session, or pads and scales of all axes, in their order, without axes.
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
from onnx.reference import ReferenceEvaluator

onnxruntime.set_default_logger_severity(4)
optimizers = ["TransposeOptimizer", "TransposeOptimizer_CPUExecutionProvider"]
x = np.zeros((1, 2, 4, 4), dtype=np.float32)


def shape(model, level, **options):
    settings = onnxruntime.SessionOptions()
    settings.graph_optimization_level = level
    session = onnxruntime.InferenceSession(model.SerializeToString(), settings, **options)
    try:
        return list(session.run(None, {"x": x})[0].shape)
    except Exception as error:
        return f"fails in {str(error).split('while running ')[1].split()[0]}"


def compare(title, initializers, node, **options):
    model = onnx.parser.parse_model(f"""<ir_version: 10, opset_import: ["": 20]>
        transposed (float[1, 2, 4, 4] x) => (float[n, c, h, w] y) <{initializers}> {{
            channels_last = Transpose <perm = [0, 2, 3, 1]> (x)
            changed = {node}
            y = Transpose <perm = [0, 3, 1, 2]> (changed)
        }}""")
    onnx.checker.check_model(model, full_check=True)
    levels = onnxruntime.GraphOptimizationLevel
    expected = list(ReferenceEvaluator(model).run(None, {"x": x})[0].shape)
    plain = shape(model, levels.ORT_DISABLE_ALL)
    optimized = shape(model, levels.ORT_ENABLE_ALL, **options)
    print(f"{title}: evaluator {expected}, not optimized {plain}, optimized {optimized}")


def pad(title, pads, axes, **options):
    initializers = f"int64[{len(pads)}] pads = {{{str(pads)[1:-1]}}}, int64[{len(axes)}] axes = {{{str(axes)[1:-1]}}}"
    compare(f"Pad, {title}", initializers, "Pad (channels_last, pads, , axes)", **options)


def resize(title, scales, axes):
    initializers = f"float[{len(scales)}] scales = {{{str(scales)[1:-1]}}}"
    compare(f"Resize, {title}", initializers, f"Resize <axes = {axes}> (channels_last, , scales)")


pad("all axes in order", [0, 1, 2, 0, 0, 1, 2, 0], [0, 1, 2, 3])
pad("all axes", [2, 1, 0, 0, 2, 1, 0, 0], [2, 1, 0, 3])
pad("two axes", [1, 2, 1, 2], [1, 2])
resize("all axes in order", [1, 2, 3, 1], [0, 1, 2, 3])
resize("all axes", [3, 2, 1, 1], [2, 1, 0, 3])
resize("two axes", [2, 3], [1, 2])
pad("two axes, without it", [1, 2, 1, 2], [1, 2], disabled_optimizers=optimizers)
PROGRAM

expected='Pad, all axes in order: evaluator [1, 2, 6, 8], not optimized [1, 2, 6, 8], optimized [1, 2, 6, 8]
Pad, all axes: evaluator [1, 2, 6, 8], not optimized [1, 2, 6, 8], optimized [3, 2, 8, 4]
Pad, two axes: evaluator [1, 2, 6, 8], not optimized [1, 2, 6, 8], optimized fails in Gather
Resize, all axes in order: evaluator [1, 2, 8, 12], not optimized [1, 2, 8, 12], optimized [1, 2, 8, 12]
Resize, all axes: evaluator [1, 2, 8, 12], not optimized [1, 2, 8, 12], optimized [2, 2, 12, 4]
Resize, two axes: evaluator [1, 2, 8, 12], not optimized [1, 2, 8, 12], optimized fails in Gather
Pad, two axes, without it: evaluator [1, 2, 6, 8], not optimized [1, 2, 6, 8], optimized [1, 2, 6, 8]'
seen=$(ORT_DISABLE_TELEMETRY=1 PYTHONPATH=packages python3 program.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
