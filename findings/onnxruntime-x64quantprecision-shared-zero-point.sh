#!/usr/bin/env bash
# onnxruntime-node 1.30.0: with the session option session.x64quantprecision, a model whose QLinearConv nodes share one
# initializer for the zero point of their weights is not loaded.
#
# The option makes ONNX Runtime turn int8 weights into uint8, for x64 processors without VNNI, whose instructions
# saturate. With the first node it replaces the zero point; with the second it fails: "Attempt to replace the existing
# tensor". Nodes may share initializers, many exporters write equal constants once, and the model loads without the
# option. Weights within -64 to 64 are left as they are, and such a model loads. Seen on a processor that has VNNI.
#
# Expected: the model loads; the option only chooses between instructions.
# What helps: a zero point of its own for each node.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error \
  onnxruntime-node@1.30.0 onnx-proto@8.0.1 >/dev/null

cat >program.js <<'JS'
import proto from 'onnx-proto';
import * as ort from 'onnxruntime-node';

const { AttributeProto, ModelProto, TensorProto } = proto.onnx;
const { FLOAT, INT8, UINT8 } = TensorProto.DataType;

const tensor = (name, dataType, dims, values) => ({ name, dataType, dims, rawData: new Uint8Array(values.buffer) });
const picture = (name) => ({
  name,
  type: { tensorType: { elemType: UINT8, shape: { dim: [1, 8, 4, 4].map((dimValue) => ({ dimValue })) } } },
});

/** Two 1x1 convolutions, one after the other. */
function model(zeroPoints) {
  const weights = Int8Array.from({ length: 64 }, (_, index) => ((index * 37) % 255) - 127);
  const initializer = [
    tensor('scale', FLOAT, [], Float32Array.of(0.1)),
    tensor('middle', UINT8, [], Uint8Array.of(128)),
    ...[...new Set(zeroPoints)].map((name) => tensor(name, INT8, [], Int8Array.of(0))),
    tensor('weights0', INT8, [8, 8, 1, 1], weights),
    tensor('weights1', INT8, [8, 8, 1, 1], weights),
  ];
  const node = zeroPoints.map((zero, index) => ({
    opType: 'QLinearConv',
    input: [`values${index}`, 'scale', 'middle', `weights${index}`, 'scale', zero, 'scale', 'middle'],
    output: [`values${index + 1}`],
    attribute: [{ name: 'kernel_shape', type: AttributeProto.AttributeType.INTS, ints: [1, 1] }],
  }));
  const graph = { name: 'convolutions', node, initializer, input: [picture('values0')], output: [picture('values2')] };
  return Buffer.from(ModelProto.encode({ irVersion: 8, opsetImport: [{ domain: '', version: 17 }], graph }).finish());
}

async function load(zeroPoints, x64quantprecision) {
  const options = { logSeverityLevel: 4, extra: { session: { x64quantprecision } } };
  try {
    await ort.InferenceSession.create(model(zeroPoints), options);
    return 'loads';
  } catch (error) {
    return /Attempt to replace the existing tensor/.exec(error.message)?.[0] ?? error.message;
  }
}

for (const [name, zeroPoints] of [
  ['shared', ['zero', 'zero']],
  ['own', ['zero0', 'zero1']],
])
  for (const option of ['0', '1'])
    console.log(`${name} zero point, x64quantprecision ${option}: ${await load(zeroPoints, option)}`);
JS

expected='shared zero point, x64quantprecision 0: loads
shared zero point, x64quantprecision 1: Attempt to replace the existing tensor
own zero point, x64quantprecision 0: loads
own zero point, x64quantprecision 1: loads'
seen=$(node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
