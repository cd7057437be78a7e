import { describe, expect, test } from 'vitest';
import { planIntegers } from '../../../../model/compile/int8/plan.ts';
import type { Graph, Value } from '../../../../model/compile/onnx/graph.ts';
import { Ops } from '../../../../model/compile/onnx/ops.ts';
import { floatInitializer } from '../../../../model/compile/onnx/tensor.ts';

class Builder extends Ops {
  constantOf(name: string, shape: readonly number[]): Value {
    return this.constant(floatInitializer(name, 'float32', shape, () => Promise.resolve(new Float32Array())));
  }

  tensor(name: string, shape: readonly number[]): Value {
    return this.input({ name, type: 'float32', shape }, shape);
  }

  returning(...values: readonly Value[]): Graph {
    return this.finish(
      'g',
      values.map((value, at) => this.output(`y${at}`, value, value.shape)),
    );
  }
}

/** The planned nodes with what is added to each and the tensor that it computes. */
function stepsOf(graph: Graph, keep = 'answers'): object {
  const { steps } = planIntegers(graph, keep);
  return Object.fromEntries([...steps].map(([name, { bias, result }]) => [name, { bias, result }]));
}

describe('a product', () => {
  const product = (build: (ops: Builder, x: Value, product: Value) => readonly Value[]): object => {
    const ops = new Builder();
    const x = ops.tensor('x', [1, 3, 4]);
    return stepsOf(ops.returning(...build(ops, x, ops.matMul(x, ops.constantOf('W', [4, 4])))));
  };

  test('is computed with the constant vector that is added to it', () => {
    expect(product((ops, _, xw) => [ops.add(xw, ops.constantOf('b', [4]))])).toEqual({
      MatMul: { bias: 'b', result: 'Add' },
    });
  });

  test.each<[string, (ops: Builder, x: Value, product: Value) => readonly Value[]]>([
    ['of another rank is added to it', (ops, _, xw) => [ops.add(xw, ops.constantOf('m', [3, 4]))]],
    ['is no constant', (ops, x, xw) => [ops.add(xw, x)]],
    ['comes first in the sum', (ops, _, xw) => [ops.add(ops.constantOf('b', [4]), xw)]],
    ['is added for one of two readers', (ops, _, xw) => [ops.add(xw, ops.constantOf('b', [4])), ops.relu(xw)]],
  ])('is computed alone where what %s', (_, build) => {
    expect(product(build)).toEqual({ MatMul: { bias: undefined, result: 'MatMul' } });
  });

  test('stays in float32 below the prefix, and with a matrix that is no constant', () => {
    const ops = new Builder();
    const x = ops.tensor('x', [4, 4]);
    const kept = ops.scope('answers', () => ops.matMul(x, ops.constantOf('W', [4, 4])));
    expect(stepsOf(ops.returning(kept, ops.matMul(x, x), ops.matMul(x, ops.constantOf('W3', [2, 4, 4]))))).toEqual({});
  });
});

describe('feature maps', () => {
  const conv = (ops: Builder, x: Value, name: string): Value =>
    ops.conv(x, ops.constantOf(`${name}/W`, [2, 2, 1, 1]), ops.constantOf(`${name}/b`, [2]), 1, 0);

  test('stay in bytes between convolutions, with the ReLU that follows', () => {
    const ops = new Builder();
    const x = ops.tensor('x', [1, 2, 4, 4]);
    const first = ops.maxPool(ops.relu(conv(ops, x, 'a')), 3, 2, 1);
    const graph = ops.returning(ops.relu(ops.add(conv(ops, first, 'b'), first)));
    expect(stepsOf(graph)).toEqual({
      Conv: { result: 'Relu' },
      MaxPool: { result: 'MaxPool' },
      'Conv.1': { result: 'Conv.1' },
      Add: { result: 'Relu.1' },
    });
    expect([...planIntegers(graph, 'answers').measured]).toEqual(['x', 'Relu', 'MaxPool', 'Conv.1', 'Relu.1']);
  });

  test('are added in float32 to what is none', () => {
    const ops = new Builder();
    const x = ops.tensor('x', [1, 2, 4, 4]);
    expect(stepsOf(ops.returning(ops.add(conv(ops, x, 'a'), x)))).toEqual({ Conv: { result: 'Conv' } });
  });
});
