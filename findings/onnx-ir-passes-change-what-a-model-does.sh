#!/usr/bin/env bash
# onnx-ir 1.1.0 (the graphs behind onnxscript and torch.onnx.export): three of its passes change a model's results or
# outputs, and onnx's checker accepts what they make.
#
# - CommonSubexpressionEliminationPass leaves alone what draws random numbers, but takes Bernoulli and a Dropout in
#   training mode for deterministic: two of the same input become one. So two samples of a network are the same one, and
#   their difference, which should say how certain it is, is 0. The optimizer of onnxscript does the same, and so does
#   torch.onnx.export of torch 2.15.0, which uses that.
# - InlinePass gives the nodes of a function new names, but not the inputs of a Loop's body in it. If the caller passes a
#   value of the same name, the body takes its own input for it: a loop that adds 1 three times gives 0.
# - IdentityEliminationPass renames the input of an Identity that is an output, also if that input is an output itself:
#   a model with the outputs "x" and "y" has two that are called "y".
#
# The documentation names what the last does with graph inputs, not with outputs, and nothing of the others. ONNX has no
# seed here, so each of two nodes draws its own numbers.
# Expected: the lines "before", by ONNX Runtime with the model as it was; onnx.inliner inlines the function rightly.
# What helps: another seed for each node; NameFixPass after InlinePass; no IdentityEliminationPass for models that give
# one value twice.
# Needs Python 3 with pip, instead of Node.js.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target packages \
  onnx-ir==1.1.0 onnxscript==0.7.2 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6

cat >program.py <<'PROGRAM'
import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
from onnx import inliner, parser
from onnx_ir.passes import common
from onnxscript import optimizer

HEADER = '<ir_version: 10, opset_import: ["": 20, "local": 1]>'


def run(model, text, **inputs):
    session = onnxruntime.InferenceSession(model.SerializeToString())
    names = [output.name for output in session.get_outputs()]
    return text(names, session.run(None, inputs))


def after(change, model):
    changed = ir.from_proto(model)
    change(changed)
    changed = ir.to_proto(changed)
    onnx.checker.check_model(changed, full_check=True)
    return changed


def differences(names, values):
    share = np.mean(values[0] != values[1])
    return f"{names[0]} and {names[1]} " + ("are equal" if share == 0 else f"differ by {share:.1f} of all numbers")


def plain(names, values):
    return ", ".join(f"{name} = {value.tolist()}" for name, value in zip(names, values))


def show(title, text, print_values, changes, **inputs):
    model = parser.parse_model(HEADER + text)
    onnx.checker.check_model(model, full_check=True)
    print(f"{title}\n  before: {run(model, print_values, **inputs)}")
    for name, change in changes.items():
        print(f"  {name}: {run(after(change, model), print_values, **inputs)}")
    return model


samples = {
    "CommonSubexpressionEliminationPass": common.CommonSubexpressionEliminationPass(),
    "optimizer": optimizer.optimize,
}
show(
    "Bernoulli",
    "graph (float[4000] p) => (float[4000] a, float[4000] b) { a = Bernoulli(p) b = Bernoulli(p) }",
    differences,
    samples,
    p=np.full(4000, 0.5, np.float32),
)
dropout = """graph (float[4000] x) => (float[4000] a, float[4000] b) <float ratio = {0.5}, bool training = {1}> {
  a = Dropout SEED1 (x, ratio, training)
  b = Dropout SEED2 (x, ratio, training)
}"""
for title, seeds in (("Dropout", ("", "")), ("Dropout with seeds", ("<seed = 1>", "<seed = 2>"))):
    text = dropout.replace("SEED1", seeds[0]).replace("SEED2", seeds[1])
    show(title, text, differences, samples, x=np.ones(4000, np.float32))

for name in ("x", "other"):
    model = show(
        f'a function with a Loop, called with "{name}"',
        f"graph (float {name}, int64 count) => (float result) {{ result = local.repeat({name}, count) }}"
        """
        <domain: "local", opset_import: ["": 20]>
        repeat (step, count) => (sum) {
          start = Sub(step, step)
          always = Equal(start, start)
          sum = Loop(count, always, start) <body = body (int64 index, bool go, float x) => (bool next, float y) {
            next = Identity(go)
            y = Add(x, step)
          }>
        }""",
        plain,
        {
            "InlinePass": common.InlinePass(),
            "InlinePass, NameFixPass": ir.passes.Sequential(common.InlinePass(), common.NameFixPass()),
        },
        **{name: np.array(1, np.float32), "count": np.array(3)},
    )
    inlined = inliner.inline_local_functions(model)
    print(f"  onnx.inliner: {run(inlined, plain, **{name: np.array(1, np.float32), 'count': np.array(3)})}")

show(
    "an output twice",
    "graph (float p) => (float x, float y) { x = Neg(p) y = Identity(x) }",
    plain,
    {"IdentityEliminationPass": common.IdentityEliminationPass()},
    p=np.array(1, np.float32),
)
PROGRAM

expected='Bernoulli
  before: a and b differ by 0.5 of all numbers
  CommonSubexpressionEliminationPass: a and b are equal
  optimizer: a and b are equal
Dropout
  before: a and b differ by 0.5 of all numbers
  CommonSubexpressionEliminationPass: a and b are equal
  optimizer: a and b are equal
Dropout with seeds
  before: a and b differ by 0.5 of all numbers
  CommonSubexpressionEliminationPass: a and b differ by 0.5 of all numbers
  optimizer: a and b differ by 0.5 of all numbers
a function with a Loop, called with "x"
  before: result = 3.0
  InlinePass: result = 0.0
  InlinePass, NameFixPass: result = 3.0
  onnx.inliner: result = 3.0
a function with a Loop, called with "other"
  before: result = 3.0
  InlinePass: result = 3.0
  InlinePass, NameFixPass: result = 3.0
  onnx.inliner: result = 3.0
an output twice
  before: x = -1.0, y = -1.0
  IdentityEliminationPass: y = -1.0, y = -1.0'
seen=$(PYTHONPATH=packages python3 program.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
