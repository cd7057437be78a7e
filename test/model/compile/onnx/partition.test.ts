import { describe, expect, test } from 'vitest';
import { Ops } from '../../../../model/compile/onnx/ops.ts';
import { partition } from '../../../../model/compile/onnx/partition.ts';
import { floatInitializer } from '../../../../model/compile/onnx/tensor.ts';

/** x -> five layers of [10, 10] constants, the first result used again at the end. */
function chain() {
  const ops = new Ops();
  let x = ops.input({ name: 'x', type: 'float32', shape: [1, 10] }, ['batch', 10]);
  let first: typeof x | undefined;
  for (let layer = 0; layer < 5; layer++) {
    const weight = floatInitializer(`w${layer}`, 'float32', [10, 10], () =>
      Promise.resolve(new Float32Array(100)),
    );
    x = ops.matMul(x, ops.constant(weight));
    first ??= x;
  }
  const sum = ops.add(x, first ?? x);
  return ops.finish('chain', [ops.output('y', sum, ['batch', 10])]);
}

describe('cutting a graph into parts', () => {
  test('every part has at most the bytes allowed, and all nodes once, in order', () => {
    const graph = chain();
    const parts = partition(graph, 800);
    expect(parts.map((part) => part.initializers.map((each) => each.name))).toEqual([
      ['w0', 'w1'],
      ['w2', 'w3'],
      ['w4'],
    ]);
    expect(parts.flatMap((part) => part.nodes)).toEqual(graph.nodes);
  });

  test('each part takes only what the graph or earlier parts give', () => {
    const graph = chain();
    const parts = partition(graph, 400);
    const available = new Set(['x']);
    for (const part of parts) {
      for (const port of part.inputs) expect(available).toContain(port.value.name);
      for (const port of part.outputs) available.add(port.value.name);
    }
    expect(parts.at(-1)?.outputs.map((port) => port.value.name)).toEqual(['y']);
  });

  test('a graph within the limit stays whole', () => {
    const [whole, ...rest] = partition(chain(), 1e6);
    expect(rest).toEqual([]);
    expect(whole?.inputs.map((port) => port.value.name)).toEqual(['x']);
  });
});
