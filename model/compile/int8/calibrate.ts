import * as ort from '../../onnx-runtime.ts';
import { type Graph, makeNode, type Node, type Port, type Value } from '../onnx/graph.ts';
import { type Initializer, intInitializer } from '../onnx/tensor.ts';
import { inlined } from '../onnx/write.ts';
import { partsOf, type Tensors, withPart, type WrittenConstants } from '../run-parts.ts';
import { GRAPH_IO } from '../../package/layout.ts';

/** The ranges of a tensor's channels: those of its last axis, or a single one for the whole tensor. */
export interface ChannelRanges {
  readonly min: Float32Array;
  readonly max: Float32Array;
}

/** A question whose activations are measured. */
export interface CalibrationItem {
  /** RGB bytes [size, size, 3]. */
  readonly pixels: Uint8Array;
  /** `<s>` and `</s>` included. */
  readonly inputIds: readonly number[];
}

interface Options extends WrittenConstants {
  readonly imageSize: number;
  readonly onProgress: (done: number, total: number) => void;
}

/** Feature maps, [B, C, H, W], are measured as a whole. */
const MAP_RANK = 4;

/**
 * Runs a float32 graph whose weights are written, and measures tensors over all items. Runs it part by part, each with
 * one item after another, so that a large model needs little memory.
 *
 * @param tensors their names
 */
export async function measureRanges(
  graph: Graph,
  tensors: ReadonlySet<string>,
  items: readonly CalibrationItem[],
  options: Options,
): Promise<Map<string, ChannelRanges>> {
  const { graph: measuring, added } = withReadings(graph, tensors);
  const placements = new Map(options.placements);
  for (const constant of added) placements.set(constant.name, await inlined(constant));
  const parts = partsOf(measuring);
  const ranges = new Map<string, ChannelRanges>();
  const values: Tensors[] = items.map((item) => feed(item, options.imageSize));
  for (const [at, part] of parts.entries()) {
    const later = new Set(parts.slice(at + 1).flatMap(({ inputs }) => inputs.map(({ value }) => value.name)));
    await withPart(part, { ...options, placements }, async (run) => {
      for (const [index, known] of values.entries()) {
        options.onProgress(at * items.length + index, parts.length * items.length);
        const results = { ...known, ...(await run(known)) };
        for (const name of tensors) widen(ranges, name, results);
        values[index] = Object.fromEntries(Object.entries(results).filter(([name]) => later.has(name)));
      }
    });
  }
  options.onProgress(1, 1);
  return ranges;
}

/** Adds the smallest and largest values of tensors to the outputs of a graph. */
function withReadings(graph: Graph, tensors: ReadonlySet<string>): { graph: Graph; added: readonly Initializer[] } {
  const nodes: Node[] = [];
  const ports: Port[] = [];
  const added = new Map<string, Initializer>();
  for (const node of graph.nodes) {
    nodes.push(node);
    for (const value of node.outputs) {
      if (!tensors.has(value.name)) continue;
      const rank = value.shape.length;
      const axes = Array.from({ length: rank === MAP_RANK ? rank : rank - 1 }, (_, axis) => axis);
      const constant = intInitializer(`axes/${axes.join(',')}`, 'int64', [axes.length], axes);
      added.set(constant.name, constant);
      for (const op of ['ReduceMin', 'ReduceMax'] as const) {
        const reading: Value = {
          name: readingName(value.name, op),
          type: 'float32',
          shape: value.shape.slice(axes.length),
        };
        const attributes = { keepdims: 0 };
        nodes.push(makeNode(reading.name, op, [value.name, constant.name], reading, { attributes }));
        ports.push({ value: reading, dims: reading.shape });
      }
    }
  }
  return {
    graph: {
      ...graph,
      nodes,
      outputs: [...graph.outputs, ...ports],
      initializers: [...graph.initializers, ...added.values()],
    },
    added: [...added.values()],
  };
}

function readingName(tensor: string, op: 'ReduceMin' | 'ReduceMax'): string {
  return `${tensor}/${op}`;
}

/** Extends the range of a tensor by that of one run, if the run measured it. */
function widen(ranges: Map<string, ChannelRanges>, name: string, results: Tensors): void {
  const [min, max] = [results[readingName(name, 'ReduceMin')]?.data, results[readingName(name, 'ReduceMax')]?.data];
  if (!(min instanceof Float32Array) || !(max instanceof Float32Array)) return;
  const known = ranges.get(name);
  ranges.set(name, {
    min: min.map((value, at) => Math.min(value, known?.min[at] ?? value)),
    max: max.map((value, at) => Math.max(value, known?.max[at] ?? value)),
  });
}

function feed({ pixels, inputIds }: CalibrationItem, size: number): Tensors {
  return {
    [GRAPH_IO.image]: new ort.Tensor('uint8', pixels, [1, size, size, 3]),
    [GRAPH_IO.inputIds]: new ort.Tensor('int64', BigInt64Array.from(inputIds, BigInt), [1, inputIds.length]),
  };
}
