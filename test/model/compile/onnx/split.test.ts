import { expect, test } from 'vitest';
import { Ops } from '../../../../model/compile/onnx/ops.ts';
import { splitAt } from '../../../../model/compile/onnx/split.ts';
import { floatInitializer } from '../../../../model/compile/onnx/tensor.ts';

/** y = relu(x W) W V + z, whose inner product is named `middle`; `isLeaky` adds x again at the end. */
function chain(isLeaky: boolean) {
  const ops = new Ops();
  const input = (name: string) => ops.input({ name, type: 'float32', shape: [1, 4] }, ['batch', 4]);
  const [x, z] = [input('x'), input('z')];
  const constant = (name: string, shape: number[]) =>
    ops.constant(floatInitializer(name, 'float32', shape, () => Promise.resolve(new Float32Array(16))));
  const inner = ops.relu(ops.matMul(x, constant('W', [4, 4])));
  const middle = ops.named('middle', inner);
  const sum = ops.add(ops.matMul(ops.matMul(middle, constant('W', [4, 4])), constant('V', [4, 4])), z);
  return ops.finish('chain', [ops.output('y', isLeaky ? ops.add(sum, inner) : sum, ['batch', 4])]);
}

const names = (ports: readonly { value: { name: string } }[]): string[] => ports.map(({ value }) => value.name);

test('both halves have their own inputs, outputs and constants, and all nodes between them', () => {
  const graph = chain(false);
  const { before, after } = splitAt(graph, 'middle', ['batch', 4]);
  expect([names(before.inputs), names(before.outputs)]).toEqual([['x'], ['middle']]);
  expect([names(after.inputs), names(after.outputs)]).toEqual([['z', 'middle'], ['y']]);
  expect(before.outputs[0]?.dims).toEqual(['batch', 4]);
  expect([before, after].map((half) => half.initializers.map(({ name }) => name))).toEqual([['W'], ['W', 'V']]);
  expect([...before.nodes, ...after.nodes]).toEqual(graph.nodes);
});

test('a graph whose rest needs more than the tensor is refused', () => {
  expect(() => splitAt(chain(true), 'middle', ['batch', 4])).toThrow('the rest needs Relu');
  expect(() => splitAt(chain(false), 'center', ['batch', 4])).toThrow('the graph computes no center');
});
