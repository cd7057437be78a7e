import type { ReferenceConfig } from './config.ts';
import { add, scaleRows, type Matrix } from './matrix.ts';
import { layerNorm, linear, vector, type Weights } from './weights.ts';

/** A residual branch of a layer, with the LayerNorm before it or after the sum. */
export interface Branch {
  /** Prefix of the layer, such as `encoder.layers.0`. */
  readonly layer: string;
  /** The LayerNorm of the branch: `self_attn_layer_norm`, `cross_attn_layer_norm` or `final_layer_norm`. */
  readonly norm: string;
  /** The learned factors of the branch, if any: `weight_self_attn`, `weight_cross_attn`, `weight_ffn`. */
  readonly gamma: string;
  readonly normalizeBefore: boolean;
}

/** x plus the branch `body` of it. */
export function residual(
  weights: Weights,
  config: ReferenceConfig,
  branch: Branch,
  x: Matrix,
  body: (input: Matrix) => Matrix,
): Matrix {
  const norm = `${branch.layer}.${branch.norm}`;
  let output = body(branch.normalizeBefore ? layerNorm(weights, norm, x) : x);
  if (config.use_gamma_feature) {
    output = scaleRows(output, vector(weights, `${branch.layer}.${branch.gamma}`, x.columns));
  }
  const sum = add(x, output);
  return branch.normalizeBefore ? sum : layerNorm(weights, norm, sum);
}

/** The LayerNorm `name` if the model is a NormFormer, otherwise x itself. */
export function normformer(weights: Weights, config: ReferenceConfig, name: string, x: Matrix): Matrix {
  return config.normformer ? layerNorm(weights, name, x) : x;
}

/** The feed-forward branch: fc1, GELU, ffn_layer_norm (NormFormer only), fc2. */
export function feedForward(weights: Weights, config: ReferenceConfig, layer: string, x: Matrix): Matrix {
  const wide = linear(weights, `${layer}.fc1`, x);
  const active = { ...wide, data: wide.data.map(gelu) };
  return linear(weights, `${layer}.fc2`, normformer(weights, config, `${layer}.ffn_layer_norm`, active));
}

/** The exact GELU: x times the cumulative normal distribution function. */
export function gelu(x: number): number {
  return (x / 2) * (1 + erf(x / Math.SQRT2));
}

/**
 * The error function to double precision, by the series of positive terms
 * 2/sqrt(pi) exp(-x^2) sum over n of 2^n x^(2n+1) / (1 * 3 * ... * (2n+1)): Abramowitz and Stegun, 7.1.6.
 */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > Math.abs(sum) * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
