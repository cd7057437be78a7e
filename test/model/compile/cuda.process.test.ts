import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readConfig } from '../../../model/compile/checkpoint/config.ts';
import { openWeights } from '../../../model/compile/checkpoint/weights.ts';
import { ofaGraph } from '../../../model/compile/ofa/graph.ts';
import type { Graph, Value } from '../../../model/compile/onnx/graph.ts';
import { Ops } from '../../../model/compile/onnx/ops.ts';
import { answerTokens, VARIANTS, writeVariantCheckpoint, type Variant } from '../../../testing/checkpoints.ts';
import { checkForCuda, typesOf } from '../../../testing/cuda-kernels.ts';
import { tempFolder } from '../../../testing/temp-folder.ts';

async function halfGraph(variant: Variant): Promise<Graph> {
  const folder = path.join(tempFolder(), 'checkpoint');
  writeVariantCheckpoint(folder, variant);
  const { model: config, task } = await readConfig(folder);
  const weights = await openWeights(folder);
  try {
    const vocabulary = { size: 390, special: { bos: 0, pad: 1, eos: 2 }, answers: answerTokens(variant) };
    return ofaGraph({ weights, config, task, vocabulary, textLength: 88, float: 'float16' }).graph;
  } finally {
    await weights.close();
  }
}

describe.each(VARIANTS)('the half-precision graph on CUDA: $name', (variant) => {
  test('has a kernel for every node, no arithmetic on shapes, and no attention with a key mask', async () => {
    const { violations, uses } = checkForCuda(await halfGraph(variant));
    expect(violations).toEqual([]);
    expect(uses.map(({ operator }) => operator)).toContain('com.microsoft.MultiHeadAttention');
  });

  test('computes every softmax and all outputs in float32, and matrix products in float16', async () => {
    const graph = await halfGraph(variant);
    const types = typesOf(graph);
    for (const node of graph.nodes) {
      if (node.op !== 'Softmax' && node.op !== 'LogSoftmax') continue;
      expect(types.get(node.inputs[0] ?? ''), node.name).toBe('float32');
    }
    for (const port of graph.outputs) expect(port.value.type).toBe('float32');
    const matrices = graph.nodes.filter((node) => node.op === 'Conv' || node.op === 'MultiHeadAttention');
    for (const node of matrices) expect(types.get(node.inputs[0] ?? ''), node.name).toBe('float16');
  });
});

type Build = (ops: Ops, x: Value) => Value;

/** For each rule, a minimal graph that violates it. */
const WRONG: readonly (readonly [string, Build, RegExp])[] = [
  [
    'an operator without a kernel',
    (ops, x) => ops.node('Equal', [x, x], 'bool', x.shape),
    /^Equal: CUDA has no kernel for Equal\.$/,
  ],
  [
    'a type without a kernel',
    (ops, x) => ops.relu(ops.cast(x, 'int64')),
    /^Relu: CUDA has no Relu with int64 as input 0\.$/,
  ],
  [
    'arithmetic on a shape',
    (ops, x) => ops.slice(x, [0, 0], ops.sub(ops.shapeOf(x, 0, 2), ops.ints([0, 1])), [0, 1], [1, 3]),
    /^Sub: computes with a shape, Shape, on the CPU\.$/,
  ],
  [
    'lengths computed on the GPU',
    (ops, x) => ops.slice(x, [0], ops.cast(ops.rowSum(x), 'int64'), [1], [3]),
    /^Slice: input 2, Cast, would be copied back from the GPU\.$/,
  ],
  [
    'attention with a key mask',
    (ops, x) => ops.attention(x, x, x, 1, { mask: ops.cast(x, 'int32'), bias: x }),
    /^MultiHeadAttention: a key mask rules out every fused kernel\.$/,
  ],
  [
    'attention without a bias',
    (ops, x) => ops.attention(x, x, x, 1, {}),
    /^MultiHeadAttention: has no bias, so that padding would be seen\.$/,
  ],
];

describe('the check detects', () => {
  test.each(WRONG)('%s', (_name, build, sentence) => {
    const ops = new Ops();
    const x = ops.input({ name: 'x', type: 'float16', shape: [1, 4] }, ['batch', 4]);
    const y = build(ops, x);
    const { violations } = checkForCuda(ops.finish('wrong', [ops.output('y', y, ['batch', 4])]));
    expect(violations.some((each) => sentence.test(each))).toBe(true);
  });
});
