import type { Graph, Node } from '../onnx/graph.ts';
import { type Initializer, readFloats } from '../onnx/tensor.ts';
import type { ChannelRanges } from './calibrate.ts';
import { consumersOf, type Plan } from './plan.ts';
import { roundedUp } from './scale.ts';

/**
 * Exponent of the factors: 0 leaves the channels as they are, 1/2 makes those of activations and weights equal. On the
 * demo model's held-out questions, 1/4 is closer to float32 than either.
 */
const STRENGTH = 0.25;
/** Channels of activations and weights below this share of the largest one count as if they reached it. */
const FLOOR = 1e-3;

/**
 * Factors that even out the channels of normalised activations before they are quantized: Xiao et al., "SmoothQuant:
 * Accurate and Efficient Post-Training Quantization for Large Language Models", 2023. A LayerNormalization divides its
 * channels by them, which costs nothing, and the products that read it multiply the rows of their matrices by them.
 *
 * @returns the factors of each LayerNormalization that only products in integers read, by the name of its output
 */
export async function smoothingFactors(
  graph: Graph,
  { steps }: Plan,
  ranges: ReadonlyMap<string, ChannelRanges>,
): Promise<ReadonlyMap<string, Float32Array>> {
  const constants = new Map(graph.initializers.map((each) => [each.name, each]));
  const consumers = consumersOf(graph);
  const factors = new Map<string, Float32Array>();
  for (const { op, outputs } of graph.nodes) {
    const name = outputs[0]?.name ?? '';
    const range = ranges.get(name);
    const readers = consumers.get(name) ?? [];
    if (op !== 'LayerNormalization' || range === undefined) continue;
    if (!readers.every((node) => node.op === 'MatMul' && steps.has(node.name))) continue;
    factors.set(name, factorsOf(range, await rowMagnitudes(readers, constants)));
  }
  return factors;
}

/** The largest weight in each row of the matrices that products multiply with. */
async function rowMagnitudes(
  products: readonly Node[],
  constants: ReadonlyMap<string, Initializer>,
): Promise<Float32Array> {
  let largest = new Float32Array();
  for (const { inputs } of products) {
    const matrix = constants.get(inputs[1] ?? '');
    if (!matrix) throw new Error(`There is no constant ${inputs[1] ?? ''}.`);
    const [rows = 0, columns = 1] = matrix.shape;
    if (largest.length === 0) largest = new Float32Array(rows);
    (await readFloats(matrix)).forEach((value, at) => {
      const row = Math.floor(at / columns);
      largest[row] = Math.max(largest[row] ?? 0, Math.abs(value));
    });
  }
  return largest;
}

function factorsOf({ min, max }: ChannelRanges, weights: Float32Array): Float32Array {
  const activations = withFloor(min.map((value, at) => Math.max(Math.abs(value), Math.abs(max[at] ?? 0))));
  const rows = withFloor(weights);
  return activations.map((value, at) => roundedUp((value / (rows[at] ?? 1)) ** STRENGTH));
}

/** Magnitudes, the small ones raised to a share of the largest, or of 1 where all are 0. */
function withFloor(magnitudes: Float32Array): Float32Array {
  const largest = magnitudes.reduce((a, b) => Math.max(a, b), 0) || 1;
  return magnitudes.map((value) => Math.max(value, largest * FLOOR));
}
