import { computedInitializer, type Initializer, readFloats } from '../onnx/tensor.ts';

/** Largest magnitude of a quantized weight: symmetric, so that its zero point is 0. */
const LARGEST = 127;
/** Largest magnitude of a quantized bias of a convolution, which leaves room for the sum in an int32. */
const LARGEST_BIAS = 2 ** 30;

/** Quantized weights: weight = scale * value, with a scale for each output. */
export interface QuantizedWeights {
  readonly values: Int8Array;
  readonly scales: Float32Array;
}

/**
 * Quantizes weights symmetrically, those of each output with a scale of their own. An output whose weights are all 0 gets
 * its least scale.
 *
 * @param outputOf the output that the weight at an index belongs to
 * @param leastScales the least scale of each output @default 1 for an output without weights
 */
export function quantizeWeights(
  weights: Float32Array,
  outputs: number,
  outputOf: (at: number) => number,
  leastScales?: Float32Array,
): QuantizedWeights {
  const scales = new Float32Array(outputs);
  for (let at = 0; at < weights.length; at++) {
    const output = outputOf(at);
    const magnitude = Math.abs(weights[at] ?? 0);
    if (magnitude > (scales[output] ?? 0)) scales[output] = magnitude;
  }
  for (let output = 0; output < outputs; output++) {
    scales[output] = Math.max((scales[output] ?? 0) / LARGEST, leastScales?.[output] ?? 0) || 1;
  }
  const values = new Int8Array(weights.length);
  for (let at = 0; at < weights.length; at++) {
    values[at] = clamp(Math.round((weights[at] ?? 0) / (scales[outputOf(at)] ?? 1)), LARGEST);
  }
  return { values, scales };
}

function clamp(value: number, largest: number): number {
  return Math.max(-largest, Math.min(largest, value));
}

/** The constants of a quantized matrix product: int8 [inputs, outputs], and float32 scales [outputs]. */
export interface QuantizedMatrix {
  readonly values: Initializer;
  readonly scales: Initializer;
}

/**
 * A matrix [inputs, outputs], quantized column by column.
 *
 * @param rowFactors [inputs], multiplied into the rows before
 */
export function quantizedMatrix(matrix: Initializer, rowFactors?: Float32Array): QuantizedMatrix {
  const [, columns = 1] = matrix.shape;
  const { values, scales } = computed(async () => {
    const weights = await readFloats(matrix);
    const scaled = rowFactors
      ? weights.map((value, at) => value * (rowFactors[Math.floor(at / columns)] ?? 1))
      : weights;
    return quantizeWeights(scaled, columns, (at) => at % columns);
  });
  return {
    values: computedInitializer(`${matrix.name}/int8`, 'int8', matrix.shape, values),
    scales: computedInitializer(`${matrix.name}/scale`, 'float32', [columns], scales),
  };
}

/** The constants of a quantized convolution. */
export interface QuantizedKernels extends QuantizedMatrix {
  /** int32 [outputs], in units of the input's scale times the output's. */
  readonly bias: Initializer;
}

/**
 * Kernels [outputs, inputs, k, k], quantized output by output, and their bias.
 *
 * @param inputScale the scale of the convolution's input
 */
export function quantizedKernels(kernels: Initializer, bias: Initializer, inputScale: number): QuantizedKernels {
  const [outputs = 1] = kernels.shape;
  const area = kernels.shape.slice(1).reduce((product, dim) => product * dim, 1);
  const { values, scales } = computed(async () => {
    const biases = await readFloats(bias);
    const least = biases.map((value) => Math.abs(value) / (inputScale * LARGEST_BIAS));
    return quantizeWeights(await readFloats(kernels), outputs, (at) => Math.floor(at / area), least);
  });
  const quantizedBias = async (): Promise<Int32Array> => {
    const [shifts, units] = [await readFloats(bias), await scales()];
    return Int32Array.from(shifts, (value, at) => Math.round(value / (inputScale * (units[at] ?? 1))));
  };
  return {
    values: computedInitializer(`${kernels.name}/int8`, 'int8', kernels.shape, values),
    scales: computedInitializer(`${kernels.name}/scale`, 'float32', [outputs], scales),
    bias: computedInitializer(`${bias.name}/int32`, 'int32', [outputs], quantizedBias),
  };
}

/** Computes weights when they are written, and keeps only their scales. */
function computed(compute: () => Promise<QuantizedWeights>): {
  values: () => Promise<Int8Array>;
  scales: () => Promise<Float32Array>;
} {
  let kept: Float32Array | undefined;
  const both = async (): Promise<QuantizedWeights> => {
    const result = await compute();
    kept = result.scales;
    return result;
  };
  return {
    values: async () => (await both()).values,
    scales: async () => kept ?? (await both()).scales,
  };
}
