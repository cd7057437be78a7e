import { describe, expect, test } from 'vitest';
import { Ops } from '../../../../model/compile/onnx/ops.ts';
import { partition } from '../../../../model/compile/onnx/partition.ts';
import { floatInitializer } from '../../../../model/compile/onnx/tensor.ts';

/** x through five layers with [10, 10] constants. The first result is used again at the end. */
function chain() {
  const ops = new Ops();
  let x = ops.input({ name: 'x', type: 'float32', shape: [1, 10] }, ['batch', 10]);
  let first: typeof x | undefined;
  for (let layer = 0; layer < 5; layer++) {
    const weight = floatInitializer(`w${layer}`, 'float32', [10, 10], () => Promise.resolve(new Float32Array(100)));
    x = ops.matMul(x, ops.constant(weight));
    first ??= x;
  }
  const sum = ops.add(x, first ?? x);
  return ops.finish('chain', [ops.output('y', sum, ['batch', 10])]);
}

describe('partition', () => {
  test('no part exceeds the limit, and all nodes occur once, in order', () => {
    const graph = chain();
    const parts = partition(graph, 800);
    expect(parts.map((part) => part.initializers.map((each) => each.name))).toEqual([
      ['w0', 'w1'],
      ['w2', 'w3'],
      ['w4'],
    ]);
    expect(parts.flatMap((part) => part.nodes)).toEqual(graph.nodes);
  });

  test('the inputs of each part are inputs of the graph or outputs of earlier parts', () => {
    const graph = chain();
    const parts = partition(graph, 400);
    const available = new Set(['x']);
    for (const part of parts) {
      for (const port of part.inputs) expect(available).toContain(port.value.name);
      for (const port of part.outputs) available.add(port.value.name);
    }
    expect(parts.at(-1)?.outputs.map((port) => port.value.name)).toEqual(['y']);
  });

  test('a node whose constants exceed the limit has a part of its own, the first one, too', () => {
    const parts = partition(chain(), 100);
    expect(parts.map(({ nodes }) => nodes.length)).toEqual([1, 1, 1, 1, 1, 2]);
  });

  test('a constant counts again in each part that uses it', () => {
    const ops = new Ops();
    let x = ops.input({ name: 'x', type: 'float32', shape: [1, 10] }, ['batch', 10]);
    const constants = ['first', 'second'].map((name) =>
      ops.constant(floatInitializer(name, 'float32', [10, 10], () => Promise.resolve(new Float32Array(100)))),
    );
    for (const constant of [...constants, ...constants]) x = ops.matMul(x, constant);
    const parts = partition(ops.finish('chain', [ops.output('y', x, ['batch', 10])]), 400);
    expect(parts.map((part) => part.initializers.map(({ name }) => name))).toEqual([
      ['first'],
      ['second'],
      ['first'],
      ['second'],
    ]);
  });

  test('a graph within the limit is not split', () => {
    const [whole, ...rest] = partition(chain(), 1e6);
    expect(rest).toEqual([]);
    expect(whole?.inputs.map((port) => port.value.name)).toEqual(['x']);
  });
});
