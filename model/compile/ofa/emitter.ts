import type { Value } from '../onnx/graph.ts';
import { GraphBuilder } from '../onnx/graph.ts';
import { Ops } from '../onnx/ops.ts';
import {
  type DataType,
  DATA_TYPES,
  type FloatSource,
  type FloatType,
  floatInitializer,
} from '../onnx/tensor.ts';
import { linear, transposed } from './arithmetic.ts';
import type { Parameters } from './parameters.ts';

/** Every LayerNorm and BatchNorm of OFA. */
export const EPSILON = 1e-5;

/** Constants that are multiplied into a linear layer before it is written. */
export interface LinearFolds {
  /** Multiplies the whole output. */
  readonly scale?: number;
  /** Multiplies each input, by a vector as long as the inputs. */
  readonly inputScale?: () => Promise<Float32Array>;
  /** Multiplies each output, by a vector as long as the outputs. */
  readonly outputScale?: (() => Promise<Float32Array>) | undefined;
  /** Constant part of the input, before `inputScale`: its image joins the bias. */
  readonly inputShift?: () => Promise<Float32Array>;
}

/** Writes layers of the checkpoint as nodes and constants of the graph, in one arithmetic. */
export class Emitter {
  readonly builder = new GraphBuilder();
  readonly ops = new Ops(this.builder);
  /** Type of weights and activations. */
  readonly float: FloatType;

  constructor(float: FloatType) {
    this.float = float;
  }

  /** A floating-point constant, in the graph's arithmetic unless another type is asked for. */
  constant(name: string, shape: readonly number[], source: FloatSource, type = this.float): Value {
    return this.ops.constant(floatInitializer(name, type, shape, source));
  }

  /** A floating-point constant of one or few known values. */
  literal(values: readonly number[], shape: readonly number[], type = this.float): Value {
    const name = `${type}[${shape.join(',')}]/${values.join(',')}`;
    return this.constant(name, shape, () => Promise.resolve(Float32Array.from(values)), type);
  }

  cast(x: Value, to: DataType): Value {
    return this.ops.cast(x, to, DATA_TYPES[to]);
  }

  /** `x` [..., inputs] through the linear layer `name`: [..., outputs]. */
  linear(
    x: Value,
    parameters: Parameters,
    name: string,
    inputs: number,
    outputs: number,
    folds: LinearFolds = {},
  ): Value {
    const weight = parameters.get(`${name}.weight`, [outputs, inputs]);
    const bias = parameters.get(`${name}.bias`, [outputs]);
    const matrix = this.constant(weight.name, [inputs, outputs], async () =>
      transposed(await scaledWeight(await weight.read(), folds), outputs, inputs),
    );
    const offset = this.constant(bias.name, [outputs], async () =>
      foldedBias(await bias.read(), () => weight.read(), folds),
    );
    return this.ops.graph.scope(name, () => this.ops.add(this.ops.matMul(x, matrix), offset));
  }

  /** `x` through the LayerNorm `name`, its output optionally multiplied by a vector. */
  layerNorm(
    x: Value,
    parameters: Parameters,
    name: string,
    outputScale?: () => Promise<Float32Array>,
  ): Value {
    const width = x.shape.at(-1) ?? 1;
    const [weight, bias] = (['weight', 'bias'] as const).map((part) => {
      const parameter = parameters.get(`${name}.${part}`, [width]);
      return this.constant(parameter.name, [width], async () =>
        times(await parameter.read(), await outputScale?.()),
      );
    }) as [Value, Value];
    return this.ops.graph.scope(name, () => this.ops.layerNorm(x, weight, bias, EPSILON));
  }
}

async function scaledWeight(weight: Float32Array, folds: LinearFolds): Promise<Float32Array> {
  const inputScale = await folds.inputScale?.();
  const outputScale = await folds.outputScale?.();
  const scale = folds.scale ?? 1;
  if (scale === 1 && !inputScale && !outputScale) return weight;
  const inputs = inputScale?.length ?? weight.length / (outputScale?.length ?? 1);
  return weight.map(
    (value, at) =>
      value * scale * (inputScale?.[at % inputs] ?? 1) * (outputScale?.[Math.floor(at / inputs)] ?? 1),
  );
}

async function foldedBias(
  bias: Float32Array,
  readWeight: () => Promise<Float32Array>,
  folds: LinearFolds,
): Promise<Float32Array> {
  let folded = bias;
  if (folds.inputShift) {
    const shift = times(await folds.inputShift(), await folds.inputScale?.());
    folded = linear(shift, await readWeight(), bias, 1);
  }
  const scale = folds.scale ?? 1;
  return times(scale === 1 ? folded : folded.map((value) => value * scale), await folds.outputScale?.());
}

/** Element by element; the values alone where there is no factor. */
export function times(values: Float32Array, factors: Float32Array | undefined): Float32Array {
  return factors ? values.map((value, at) => value * (factors[at] ?? 1)) : values;
}
