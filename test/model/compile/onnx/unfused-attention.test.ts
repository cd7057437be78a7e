import * as ort from '../../../../model/onnx-runtime.ts';
import { describe, expect, test } from 'vitest';
import { encodeModel } from '../../../../model/compile/onnx/encode.ts';
import type { Graph, Node } from '../../../../model/compile/onnx/graph.ts';
import { Ops } from '../../../../model/compile/onnx/ops.ts';
import { unfusedAttention } from '../../../../model/compile/onnx/unfused-attention.ts';
import { inlined } from '../../../../model/compile/onnx/write.ts';
import { SeededRandom } from '../../../../testing/random.ts';

const HEADS = 2;
const WIDTH = 6;

/** An attention with a bias over nominally `length` positions. */
function attention(length: number): Graph {
  const ops = new Ops();
  const [q, k, v] = (['q', 'k', 'v'] as const).map((name) =>
    ops.input({ name, type: 'float32', shape: [1, length, WIDTH] }, ['batch', 'length', WIDTH]),
  );
  const shape = [1, HEADS, length, length];
  const bias = ops.input({ name: 'bias', type: 'float32', shape }, [1, HEADS, 'length', 'length']);
  if (!q || !k || !v) throw new Error('three inputs were expected');
  const mixed = ops.scope('layer', () => ops.attention(q, k, v, HEADS, { bias }));
  return ops.finish('attention', [ops.output('y', mixed, ['batch', 'length', WIDTH])]);
}

function theAttention(graph: Graph): Node {
  const node = graph.nodes.find(({ op }) => op === 'MultiHeadAttention');
  if (!node) throw new Error('the graph has no attention');
  return node;
}

/** The graph with its attention replaced by single steps. */
function stepwise(graph: Graph): Graph {
  const unfused = unfusedAttention(theAttention(graph));
  const nodes = graph.nodes.flatMap((node) => (node.op === 'MultiHeadAttention' ? (unfused?.nodes ?? []) : [node]));
  return { ...graph, nodes, initializers: [...graph.initializers, ...(unfused?.initializers ?? [])] };
}

async function answer(graph: Graph, batch: number, length: number): Promise<number[]> {
  const placements = new Map(
    await Promise.all(graph.initializers.map(async (each) => [each.name, await inlined(each)] as const)),
  );
  const session = await ort.InferenceSession.create(encodeModel(graph, placements));
  const filled = (seed: number, dims: readonly number[]): ort.Tensor => {
    const values = new Float32Array(dims.reduce((product, dim) => product * dim, 1));
    new SeededRandom(seed).fill(values, 0, 1);
    return new ort.Tensor('float32', values, dims);
  };
  const results = await session.run({
    q: filled(1, [batch, length, WIDTH]),
    k: filled(2, [batch, length, WIDTH]),
    v: filled(3, [batch, length, WIDTH]),
    bias: filled(4, [1, HEADS, length, length]),
  });
  await session.release();
  return [...((results['y']?.data ?? []) as Float32Array)];
}

describe('unfused attention', () => {
  test.each([
    [1, 7],
    [3, 5],
  ])('has the result of the fused operation: batch of %d, %d positions', async (batch, length) => {
    const graph = attention(7);
    const expected = await answer(graph, batch, length);
    const found = await answer(stepwise(graph), batch, length);
    expect(found).toHaveLength(batch * length * WIDTH);
    found.forEach((value, at) => {
      expect(value).toBeCloseTo(expected[at] ?? NaN, 5);
    });
  });

  test('has named tensors for scores, weights and the weighted mean', () => {
    const names = unfusedAttention(theAttention(attention(7)))?.nodes.map(({ name }) => name);
    for (const step of ['scores', 'weights', 'mixed']) {
      expect(names).toContain(`layer/MultiHeadAttention/${step}`);
    }
  });

  test('is undefined if a fused kernel exists', () => {
    expect(unfusedAttention(theAttention(attention(16)))).toBeUndefined();
    // The fifth input is the key mask.
    const { inputs, ...node } = theAttention(attention(7));
    expect(unfusedAttention({ ...node, inputs: inputs.with(4, 'mask') })).toBeUndefined();
  });
});
