import * as ort from '../../../../model/onnx-runtime.ts';
import { describe, expect, test } from 'vitest';
import { encodeModel, type Placement } from '../../../../model/compile/onnx/encode.ts';
import type { Graph, Value } from '../../../../model/compile/onnx/graph.ts';
import { Ops } from '../../../../model/compile/onnx/ops.ts';
import { simulateHalf } from '../../../../model/compile/onnx/simulate-half.ts';
import { floatInitializer } from '../../../../model/compile/onnx/tensor.ts';

type Build = (ops: Ops, x: Value) => Value;

/** A graph with a float32 input [n], float16 arithmetic, and a float32 output. */
function halfGraph(build: Build): Graph {
  const ops = new Ops();
  const x = ops.input({ name: 'x', type: 'float32', shape: [3] }, ['n']);
  const half = ops.scope('inner', () => build(ops, ops.cast(x, 'float16')));
  const y = ops.cast(half, 'float32');
  return ops.finish('half', [ops.output('y', y, ['n'])]);
}

const number = (ops: Ops, value: number): Value =>
  ops.constant(floatInitializer(`c${value}`, 'float16', [1], () => Promise.resolve(Float32Array.of(value))));

async function placementsOf(graph: Graph): Promise<Map<string, Placement>> {
  const placements = new Map<string, Placement>();
  for (const each of graph.initializers) {
    const pieces: Uint8Array[] = [];
    for await (const piece of each.chunks()) pieces.push(piece);
    placements.set(each.name, { inline: Buffer.concat(pieces) });
  }
  return placements;
}

/** The output of the simulated graph for `x`, and the largest magnitude of each rounded node. */
async function simulated(build: Build, x: readonly number[]) {
  const { graph, readings } = simulateHalf(halfGraph(build));
  const bytes = encodeModel(graph, await placementsOf(graph));
  const session = await ort.InferenceSession.create(bytes, { graphOptimizationLevel: 'disabled' });
  const results = await session.run({ x: new ort.Tensor('float32', Float32Array.from(x), [x.length]) });
  await session.release();
  const numbers = (name: string): number[] => [...((results[name]?.data ?? []) as Float32Array)];
  return {
    y: numbers('y'),
    ranges: readings.map(({ node, output }) => [node, numbers(output)[0]] as const),
  };
}

describe('simulated float16', () => {
  test('every result is rounded before the next operation reads it', async () => {
    // Above 2048, float16 has only even integers: adding 1 is lost, and subtracting 2048 leaves 0.
    const { y } = await simulated((ops, x) => ops.sub(ops.add(x, number(ops, 1)), number(ops, 2048)), [2048, 2050, 1]);
    expect(y).toEqual([0, 4, -2046]);
  });

  test('operands are rounded too', async () => {
    const { y } = await simulated((ops, x) => ops.mul(x, number(ops, 3)), [0.1, 1 / 3, 65_000]);
    expect(y.slice(0, 2)).toEqual([0.2998046875, 1]);
  });

  test('the largest magnitude of every operation is reported by name, even if it exceeds float16', async () => {
    const { y, ranges } = await simulated(
      (ops, x) => ops.relu(ops.add(ops.mul(x, number(ops, -40)), number(ops, 5))),
      [1000, -2, 3],
    );
    expect(ranges.map(([node]) => node)).toEqual(['inner/Cast', 'inner/Mul', 'inner/Add']);
    expect(ranges.map(([, size]) => size)).toEqual([1000, 40_000, 39_995]);
    expect(y).toEqual([0, 85, 0]);
    const { ranges: beyond, y: overflown } = await simulated((ops, x) => ops.mul(x, number(ops, 40)), [2000, 1, 1]);
    expect(beyond.at(-1)).toEqual(['inner/Mul', 80_000]);
    expect(overflown[0]).toBe(Infinity);
  });

  test('the output depends on every reading, so that no tensor is kept in memory for one', () => {
    const { graph, readings } = simulateHalf(halfGraph((ops, x) => ops.relu(ops.add(ops.mul(x, number(ops, 2)), x))));
    const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map(({ name }) => [name, node])));
    const needed = new Set<string>();
    const need = (name: string): void => {
      if (needed.has(name)) return;
      needed.add(name);
      for (const input of makers.get(name)?.inputs ?? []) need(input);
    };
    need('y');
    expect(readings).toHaveLength(3);
    for (const { output } of readings) expect(needed).toContain(output);
  });

  test('rows are picked from a table before they are widened, and are unchanged', async () => {
    const table = (ops: Ops): Value =>
      ops.constant(
        floatInitializer('table', 'float16', [3, 2], () => Promise.resolve(Float32Array.of(0.5, 1, 1.5, 2, 2.5, 3))),
      );
    const ops = new Ops();
    const rows = ops.gatherRows(table(ops), ops.ints([2, 0]));
    const y = ops.cast(rows, 'float32');
    const { graph, readings } = simulateHalf(ops.finish('pick', [ops.output('y', y, [2, 2])]));
    expect(readings).toEqual([]);
    const types = new Map(graph.nodes.flatMap((node) => node.outputs).map((each) => [each.name, each.type]));
    const gather = graph.nodes.find((node) => node.op === 'Gather');
    expect(types.get(gather?.outputs[0]?.name ?? '')).toBe('float16');
    const bytes = encodeModel(graph, await placementsOf(graph));
    const session = await ort.InferenceSession.create(bytes, { graphOptimizationLevel: 'disabled' });
    const { y: picked } = await session.run({});
    await session.release();
    expect(picked?.data).toEqual(Float32Array.of(2.5, 3, 0.5, 1));
  });

  test('a graph without float16 is unchanged', () => {
    const ops = new Ops();
    const x = ops.input({ name: 'x', type: 'float32', shape: [3] }, ['n']);
    const graph = ops.finish('plain', [ops.output('y', ops.relu(x), ['n'])]);
    expect(simulateHalf(graph)).toEqual({ graph, added: [], readings: [] });
  });
});
