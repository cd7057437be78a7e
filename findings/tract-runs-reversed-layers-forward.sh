#!/usr/bin/env bash
# tract 0.23.9: an RNN, GRU or LSTM with direction "reverse" runs forward, so a model gives other numbers.
#
# The outputs are those of the same layer with direction "forward". The last state (Y_h), which should be the one after
# the first step, is the one after the last. With "bidirectional" the second half does run backward. Loading and running
# say nothing about it, and other things that tract does not know, such as sequence lengths from an input, it refuses.
# The README says that 85 % of ONNX's backend tests pass, not what becomes of the rest.
#
# Expected: the numbers of ONNX Runtime 1.32.0, which follow from the operators' descriptions; or a refusal.
# What helps: "bidirectional" with any weights for the first direction, whose outputs are then dropped.
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

steps = np.float32([1, 2, 3, 4]).reshape(4, 1, 1)


def show(y):
    return " ".join(f"{number:.3f}" for number in y.ravel())


for kind, gates in [("RNN", 1), ("GRU", 3), ("LSTM", 4)]:
    for direction, count in [("forward", 1), ("reverse", 1), ("bidirectional", 2)]:
        weights = ", ".join(["0.1"] * count * gates)
        model = onnx.parser.parse_model(f"""<ir_version: 10, opset_import: ["": 22]>
            layer (float[4, 1, 1] x) => (float[4, {count}, 1, 1] y, float[{count}, 1, 1] last) <
                float[{count}, {gates}, 1] w = {{{weights}}}, float[{count}, {gates}, 1] r = {{{weights}}}
            > {{
                y, last = {kind} <hidden_size = 1, direction = "{direction}"> (x, w, r)
            }}""")
        onnx.checker.check_model(model, full_check=True)
        onnx.save(model, "model.onnx")
        expected = onnxruntime.InferenceSession("model.onnx").run(None, {"x": steps})
        seen = [y.to_numpy() for y in tract.onnx().load("model.onnx").into_model().into_runnable().run([steps])]
        title = f"{kind} {direction}" if count == 1 else f"{kind} {direction}, second half"
        texts = [f"{show(y[:, -1])} last {show(last[-1])}" for y, last in (expected, seen)]
        print(f"{title}: ONNX Runtime {texts[0]}, tract {texts[1]}")
PROGRAM

expected='RNN forward: ONNX Runtime 0.100 0.207 0.310 0.406 last 0.406, tract 0.100 0.207 0.310 0.406 last 0.406
RNN reverse: ONNX Runtime 0.122 0.228 0.326 0.380 last 0.122, tract 0.100 0.207 0.310 0.406 last 0.406
RNN bidirectional, second half: ONNX Runtime 0.122 0.228 0.326 0.380 last 0.122, tract 0.122 0.228 0.326 0.380 last 0.122
GRU forward: ONNX Runtime 0.047 0.116 0.193 0.271 last 0.271, tract 0.047 0.116 0.193 0.271 last 0.271
GRU reverse: ONNX Runtime 0.164 0.212 0.214 0.152 last 0.164, tract 0.047 0.116 0.193 0.271 last 0.271
GRU bidirectional, second half: ONNX Runtime 0.164 0.212 0.214 0.152 last 0.164, tract 0.164 0.212 0.214 0.152 last 0.164
LSTM forward: ONNX Runtime 0.027 0.076 0.142 0.222 last 0.222, tract 0.027 0.076 0.142 0.222 last 0.222
LSTM reverse: ONNX Runtime 0.111 0.156 0.172 0.134 last 0.111, tract 0.027 0.076 0.142 0.222 last 0.222
LSTM bidirectional, second half: ONNX Runtime 0.111 0.156 0.172 0.134 last 0.111, tract 0.111 0.156 0.172 0.134 last 0.111'
seen=$(ORT_DISABLE_TELEMETRY=1 PYTHONPATH=packages python3 program.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
