import { at, dot, rowOf, scale, softmax, zeros, type Matrix } from './matrix.ts';
import type { Bias } from './positions.ts';
import { linear, vector, type Weights } from './weights.ts';

/** Options of an attention. */
export interface AttentionOptions {
  readonly heads: number;
  /** `attn_scale_factor`. */
  readonly scaleFactor: number;
  /** Added to the scores before the softmax. */
  readonly bias: Bias;
  /** Whether a query only sees keys up to its own position. */
  readonly causal: boolean;
}

/**
 * Multi-head attention with a bias on the scores and a learned factor (`c_attn`) per head
 * (models/ofa/unify_multihead_attention.py of OFA-Sys/OFA).
 *
 * @param prefix such as `encoder.layers.0.self_attn`
 * @param x the queries' sequence
 * @param source the keys' and values' sequence
 */
export function attention(
  weights: Weights,
  prefix: string,
  x: Matrix,
  source: Matrix,
  options: AttentionOptions,
): Matrix {
  const headDim = x.columns / options.heads;
  const query = scale(linear(weights, `${prefix}.q_proj`, x), (headDim * options.scaleFactor) ** -0.5);
  const key = linear(weights, `${prefix}.k_proj`, source);
  const value = linear(weights, `${prefix}.v_proj`, source);
  const headFactors = vector(weights, `${prefix}.c_attn`, options.heads);
  const joined = zeros(x.rows, x.columns);
  for (let head = 0; head < options.heads; head++) {
    const bias = options.bias[head];
    if (bias?.rows !== x.rows || bias.columns !== source.rows) {
      throw new RangeError(`${prefix}: the bias of head ${head} does not fit the sequences`);
    }
    const from = head * headDim;
    for (let i = 0; i < x.rows; i++) {
      const queryHead = rowOf(query, i).subarray(from, from + headDim);
      const keys = options.causal ? i + 1 : source.rows;
      const scores = Array.from(
        { length: keys },
        (_, j) => dot(queryHead, rowOf(key, j).subarray(from, from + headDim)) + at(bias, i, j),
      );
      const shares = softmax(scores);
      for (let d = 0; d < headDim; d++) {
        const mixed = shares.reduce((sum, share, j) => sum + share * at(value, j, from + d), 0);
        joined.data[i * x.columns + from + d] = mixed * (headFactors[head] ?? NaN);
      }
    }
  }
  return linear(weights, `${prefix}.out_proj`, joined);
}
