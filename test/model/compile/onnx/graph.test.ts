import { describe, expect, test } from 'vitest';
import { countOperators, peakActivationBytes, type Value } from '../../../../model/compile/onnx/graph.ts';
import { Ops } from '../../../../model/compile/onnx/ops.ts';

function tensor(ops: Ops, name: string, shape: readonly number[]): Value {
  return ops.input({ name, type: 'float32', shape }, shape);
}

describe('peakActivationBytes', () => {
  test('frees every tensor after its last use, once', () => {
    const ops = new Ops();
    const doubled = ops.relu(tensor(ops, 'x', [1, 10]));
    const sum = ops.add(doubled, doubled);
    // 40 bytes are read and 80 are written; then those are copied.
    const both = ops.relu(ops.relu(ops.concat([sum, sum], 1)));
    expect(peakActivationBytes(ops.finish('g', [ops.output('y', both, [1, 20])]))).toBe(160);
    const short = new Ops();
    const once = short.relu(tensor(short, 'x', [1, 10]));
    const twice = short.add(once, once);
    const graph = short.finish('g', [{ value: short.concat([twice, twice], 1), dims: [1, 20] }]);
    expect(peakActivationBytes(graph)).toBe(120);
  });

  test('counts the inputs from the start', () => {
    const ops = new Ops();
    const [x] = [tensor(ops, 'x', [1, 10]), tensor(ops, 'later', [1, 1000])];
    expect(peakActivationBytes(ops.finish('g', [{ value: ops.relu(x), dims: [1, 10] }]))).toBe(40 + 4000 + 40);
  });

  test('counts what attention needs besides its operands and result', () => {
    const ops = new Ops();
    const [q, k, v] = ['q', 'k', 'v'].map((name) => tensor(ops, name, [1, 2, 8])) as [Value, Value, Value];
    const graph = ops.finish('g', [{ value: ops.attention(q, k, v, 2, {}), dims: [1, 2, 8] }]);
    // Two heads with 2 x 2 scores each, and four copies of 2 x 8 numbers.
    expect(peakActivationBytes(graph)).toBe(4 * 2 * 8 * 4 + 4 * (2 * 2 * 2 + 4 * 2 * 8));
  });
});

test('countOperators sorts by multiply-adds, then by count, then by name', () => {
  const ops = new Ops();
  const x = tensor(ops, 'x', [4, 4]);
  const turned = ops.transpose(ops.transpose(ops.matMul(x, x), [1, 0]), [1, 0]);
  const graph = ops.finish('g', [{ value: ops.softmax(ops.relu(turned)), dims: [4, 4] }]);
  expect(countOperators(graph)).toEqual([
    { operator: 'MatMul', count: 1, multiplyAdds: 64 },
    { operator: 'Transpose', count: 2, multiplyAdds: 0 },
    { operator: 'Relu', count: 1, multiplyAdds: 0 },
    { operator: 'Softmax', count: 1, multiplyAdds: 0 },
  ]);
});

test('optional inputs are left out at the end, and empty before others', () => {
  const ops = new Ops();
  const x = tensor(ops, 'x', [1, 2, 8]);
  const mask = ops.input({ name: 'mask', type: 'int32', shape: [1, 2] }, [1, 2]);
  for (const each of [{}, { mask }, { bias: x }]) ops.attention(x, x, x, 2, each);
  expect(ops.finish('g', []).nodes.map(({ inputs }) => inputs)).toEqual([
    ['x', 'x', 'x'],
    ['x', 'x', 'x', '', 'mask'],
    ['x', 'x', 'x', '', '', 'x'],
  ]);
});
