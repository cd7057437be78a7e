import { describe, expect, test } from 'vitest';
import type { ChannelRanges } from '../../../../model/compile/int8/calibrate.ts';
import { planIntegers } from '../../../../model/compile/int8/plan.ts';
import { quantizeGraph } from '../../../../model/compile/int8/quantize-graph.ts';
import { smoothingFactors } from '../../../../model/compile/int8/smoothing.ts';
import type { Graph, Value } from '../../../../model/compile/onnx/graph.ts';
import { Ops } from '../../../../model/compile/onnx/ops.ts';
import { floatInitializer, readFloats } from '../../../../model/compile/onnx/tensor.ts';

type Build = (ops: Ops, normed: Value, constant: (name: string, shape: number[], values: number[]) => Value) => Value[];

/** A LayerNormalization of two channels, and what `build` adds. */
function graphOf(build: Build): Graph {
  const ops = new Ops();
  const constant = (name: string, shape: number[], values: number[]): Value =>
    ops.constant(floatInitializer(name, 'float32', shape, () => Promise.resolve(Float32Array.from(values))));
  const x = ops.input({ name: 'x', type: 'float32', shape: [1, 2] }, [1, 2]);
  const normed = ops.layerNorm(x, constant('weight', [2], [8, 8]), constant('bias', [2], [4, -4]), 1e-5);
  const outputs = build(ops, normed, constant);
  return ops.finish(
    'g',
    outputs.map((value, at) => ops.output(`y${at}`, value, value.shape)),
  );
}

const product =
  (values: number[]): Build =>
  (ops, normed, constant) => [ops.matMul(normed, constant('W', [2, 2], values))];

/** The largest activations are 16 and 1, of different signs. */
const RANGES: ReadonlyMap<string, ChannelRanges> = new Map([
  ['LayerNormalization', { min: Float32Array.of(-16, 0), max: Float32Array.of(2, 1) }],
]);

async function factorsOf(graph: Graph, ranges = RANGES): Promise<number[] | undefined> {
  const found = await smoothingFactors(graph, planIntegers(graph, 'answers'), ranges);
  const factors = found.get('LayerNormalization');
  return factors && [...factors];
}

describe('the factors of channels', () => {
  test('are the fourth roots of activations by weights', async () => {
    expect(await factorsOf(graphOf(product([1, -1, 0.5, -1])))).toEqual([2, 1]);
    expect(await factorsOf(graphOf(product([-16, 1, 1, -1 / 16])))).toEqual([1, 1]);
  });

  test('follow from the largest weights of all products', async () => {
    const graph = graphOf((ops, normed, constant) => [
      ops.matMul(normed, constant('W', [2, 2], [0, 16, 1, 0])),
      ops.matMul(normed, constant('V', [2, 1], [1, 1])),
    ]);
    expect(await factorsOf(graph)).toEqual([1, 1]);
  });

  test('are bounded for channels without activations or weights', async () => {
    const still = { min: Float32Array.of(-1, 0), max: Float32Array.of(0, 0) };
    const [, quiet = NaN] =
      (await factorsOf(graphOf(product([1, 1, 1, 1])), new Map([['LayerNormalization', still]]))) ?? [];
    expect(quiet).toBeCloseTo(1e-3 ** 0.25, 2);
    const [, unread = NaN] = (await factorsOf(graphOf(product([1, 1, 0, 0])))) ?? [];
    expect(unread).toBeCloseTo(1e3 ** 0.25, 1);
    for (const factor of (await factorsOf(graphOf(product([0, 0, 0, 0])))) ?? [NaN]) expect(factor).toBeGreaterThan(0);
  });

  test.each<[string, Build]>([
    [
      'another operation reads them',
      (ops, normed, constant) => [ops.matMul(normed, constant('W', [2, 2], [1, 1, 1, 1])), ops.relu(normed)],
    ],
    [
      'a product in float32 reads them',
      (ops, normed, constant) => [
        ops.matMul(normed, constant('W', [2, 2], [1, 1, 1, 1])),
        ops.scope('answers', () => ops.matMul(normed, constant('V', [2, 2], [1, 1, 1, 1]))),
      ],
    ],
  ])('are none where %s', async (_, build) => {
    expect(await factorsOf(graphOf(build))).toBeUndefined();
  });
});

describe('the graph in integers', () => {
  /** The values of the constant that an operator reads as its input at an index. */
  async function read({ nodes, initializers }: Graph, op: string, at: number): Promise<number[]> {
    const name = nodes.find((node) => node.op === op)?.inputs[at];
    const constant = initializers.find((each) => each.name === name);
    if (!constant) throw new Error(`${op} reads no constant at ${at}`);
    return [...(await readFloats(constant))];
  }

  test('divides the channels by their factors, and their range, with room, too', async () => {
    const graph = graphOf(product([1, -1, 0.5, -1]));
    const quantized = await quantizeGraph(graph, planIntegers(graph, 'answers'), RANGES);
    expect(await read(quantized, 'LayerNormalization', 1)).toEqual([4, 8]);
    expect(await read(quantized, 'LayerNormalization', 2)).toEqual([2, -4]);
    // From -16 / 2 to 1, and a fifth more, in 255 steps; rounded up by less than 1 %.
    const [scale = NaN] = await read(quantized, 'QuantizeLinear', 1);
    expect(scale / ((9 * 1.2) / 255)).toBeGreaterThanOrEqual(1);
    expect(scale / ((9 * 1.2) / 255)).toBeLessThan(1.02);
    expect(await read(quantized, 'MatMulIntegerToFloat', 2)).toEqual([scale]);
    // The largest weight of each column, its rows times the factors, is 127 of these.
    expect(await read(quantized, 'MatMulIntegerToFloat', 3)).toEqual([2 / 127, 2 / 127].map(Math.fround));
  });

  test('leaves the range of a feature map as it was measured', async () => {
    const ops = new Ops();
    const constant = (name: string, shape: number[]): Value =>
      ops.constant(floatInitializer(name, 'float32', shape, () => Promise.resolve(new Float32Array(1).fill(1))));
    const x = ops.input({ name: 'x', type: 'float32', shape: [1, 1, 2, 2] }, [1, 1, 2, 2]);
    const maps = ops.relu(ops.conv(x, constant('W', [1, 1, 1, 1]), constant('b', [1]), 1, 0));
    const graph = ops.finish('g', [ops.output('y', maps, [1, 1, 2, 2])]);
    const range = (min: number, max: number): ChannelRanges => ({
      min: Float32Array.of(min),
      max: Float32Array.of(max),
    });
    const ranges = new Map([
      ['x', range(-0.5, 1.9921875)],
      ['Relu', range(0, 255)],
    ]);
    const quantized = await quantizeGraph(graph, planIntegers(graph, 'answers'), ranges);
    expect(await read(quantized, 'DequantizeLinear', 1)).toEqual([1]);
    expect(quantized.nodes.map(({ op }) => op)).toEqual([
      'QuantizeLinear',
      'QLinearConv',
      'DequantizeLinear',
      'Identity',
    ]);
  });
});
