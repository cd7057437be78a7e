import type { OfaConfig } from '../checkpoint/config.ts';
import type { Value } from '../onnx/graph.ts';
import type { Ops } from '../onnx/ops.ts';
import { type FloatSource, type FloatType, floatInitializer } from '../onnx/tensor.ts';
import { linear, transposed } from './arithmetic.ts';
import type { Parameters } from './parameters.ts';

/** Epsilon of every LayerNorm and BatchNorm of OFA. */
export const EPSILON = 1e-5;

/** Reads a vector of the checkpoint. */
export type Vector = () => Promise<Float32Array>;

/** Constants that are multiplied into a linear layer at compile time. */
export interface LinearFolds {
  /** Multiplies the whole output. */
  readonly scale?: number;
  /** [inputs], multiplies the input. */
  readonly inputScale?: Vector | undefined;
  /** [outputs], multiplies the output. */
  readonly outputScale?: Vector | undefined;
  /** [inputs], added to the input before `inputScale`. Only the bias changes. */
  readonly inputShift?: Vector | undefined;
}

/**
 * A module of the model, like an `nn.Module`: the parameters below its path in the checkpoint, and the graph that its
 * layers are added to. All modules of a model share one graph.
 */
export class Module {
  readonly graph: Ops;
  readonly config: OfaConfig;
  readonly parameters: Parameters;
  /** Type of weights and activations. */
  readonly float: FloatType;

  constructor(graph: Ops, config: OfaConfig, parameters: Parameters, float: FloatType) {
    this.graph = graph;
    this.config = config;
    this.parameters = parameters;
    this.float = float;
  }

  /** The submodule at a path: `encoder.at('layers', 0)`. */
  at(...path: readonly (string | number)[]): Module {
    return new Module(this.graph, this.config, this.parameters.at(...path), this.float);
  }

  /** A floating-point constant of the graph. `name` is absolute; constants of the same name are shared. */
  constant(name: string, shape: readonly number[], source: FloatSource, type = this.float): Value {
    return this.graph.constant(floatInitializer(name, type, shape, source));
  }

  /** A constant of a few known values. */
  literal(values: readonly number[], shape: readonly number[], type = this.float): Value {
    const name = `${type}[${shape.join(',')}]/${values.join(',')}`;
    return this.constant(name, shape, () => Promise.resolve(Float32Array.from(values)), type);
  }

  /** The linear layer `name`: [..., inputs] to [..., outputs]. */
  linear(name: string, x: Value, outputs: number, folds: LinearFolds = {}): Value {
    const inputs = x.shape.at(-1) ?? 1;
    const weight = this.parameters.get(`${name}.weight`, [outputs, inputs]);
    const bias = this.parameters.get(`${name}.bias`, [outputs]);
    const matrix = this.constant(weight.name, [inputs, outputs], async () =>
      transposed(await foldedWeight(await weight.read(), folds), outputs, inputs),
    );
    const offset = this.constant(bias.name, [outputs], async () =>
      foldedBias(await bias.read(), () => weight.read(), folds),
    );
    return this.graph.scope(name, () => this.graph.add(this.graph.matMul(x, matrix), offset));
  }

  /** The LayerNorm `name`, with its output multiplied by a constant vector if one is given. */
  layerNorm(name: string, x: Value, outputScale?: Vector): Value {
    const width = x.shape.at(-1) ?? 1;
    const affine = (part: 'weight' | 'bias'): Value => {
      const parameter = this.parameters.get(`${name}.${part}`, [width]);
      return this.constant(parameter.name, [width], async () => product(await parameter.read(), await outputScale?.()));
    };
    return this.graph.scope(name, () => this.graph.layerNorm(x, affine('weight'), affine('bias'), EPSILON));
  }
}

async function foldedWeight(weight: Float32Array, folds: LinearFolds): Promise<Float32Array> {
  const inputScale = await folds.inputScale?.();
  const outputScale = await folds.outputScale?.();
  const scale = folds.scale ?? 1;
  if (scale === 1 && !inputScale && !outputScale) return weight;
  const inputs = inputScale?.length ?? weight.length / (outputScale?.length ?? 1);
  return weight.map(
    (value, at) => value * scale * (inputScale?.[at % inputs] ?? 1) * (outputScale?.[Math.floor(at / inputs)] ?? 1),
  );
}

async function foldedBias(bias: Float32Array, readWeight: Vector, folds: LinearFolds): Promise<Float32Array> {
  let folded = bias;
  if (folds.inputShift) {
    const shift = product(await folds.inputShift(), await folds.inputScale?.());
    folded = linear(shift, await readWeight(), bias, 1);
  }
  const { scale = 1 } = folds;
  return product(scale === 1 ? folded : folded.map((value) => value * scale), await folds.outputScale?.());
}

/** The elementwise product; `values` itself where there are no factors. */
function product(values: Float32Array, factors: Float32Array | undefined): Float32Array {
  return factors ? values.map((value, at) => value * (factors[at] ?? 1)) : values;
}
