import type { ReferenceConfig } from './config.ts';
import { at, dot, rowOf, scale, zeros, type Matrix } from './matrix.ts';
import { embed, layerNorm, linear, matrix, type Weights } from './weights.ts';

/** Added to the scores of an attention: one [queries, keys] matrix per head. */
export type Bias = readonly Matrix[];

/** Where the logarithmic scale of token distances ends: max_position - 1 in the reference. */
const LONGEST_DISTANCE = 1023;

/**
 * The bucket of the distance between two tokens: exact up to half the bucket size, logarithmic beyond
 * (`make_token_bucket_position` in models/ofa/unify_transformer.py of OFA-Sys/OFA).
 *
 * @param distance the query's position minus the key's
 * @param bucketSize `token_bucket_size`
 */
export function tokenBucket(distance: number, bucketSize: number): number {
  const half = Math.floor(bucketSize / 2);
  const length = Math.abs(distance);
  if (length <= half) return distance + bucketSize - 1;
  const far = Math.ceil((Math.log(length / half) / Math.log(LONGEST_DISTANCE / half)) * (half - 1)) + half;
  return Math.sign(distance) * far + bucketSize - 1;
}

/** Raw position embeddings of a text: rows 0, 1, 2, ... of `<side>.embed_positions`. */
export function textPositions(weights: Weights, side: 'encoder' | 'decoder', length: number): Matrix {
  const table = matrix(weights, `${side}.embed_positions.weight`);
  return embed(
    table,
    Array.from({ length }, (_, t) => t),
  );
}

/** Raw position embeddings of the image's grid, row by row. */
export function imagePositions(weights: Weights, config: ReferenceConfig, grid: number): Matrix {
  const table = matrix(weights, 'encoder.embed_image_positions.weight');
  const indices = Array.from(
    { length: grid * grid },
    (_, i) => Math.floor(i / grid) * config.image_bucket_size + (i % grid) + 1,
  );
  return embed(table, indices);
}

/**
 * The absolute bias: a scaled inner product of projected positions, head by head.
 *
 * @param names prefixes of the projections of the queries' and of the keys' positions
 */
export function absoluteBias(
  weights: Weights,
  names: { query: string; key: string },
  positions: { query: Matrix; key: Matrix },
  attention: { heads: number; scaleFactor: number },
): Bias {
  const headDim = positions.query.columns / attention.heads;
  const scaling = (headDim * attention.scaleFactor) ** -0.5;
  const query = scale(linear(weights, names.query, positions.query), scaling);
  const key = linear(weights, names.key, positions.key);
  return Array.from({ length: attention.heads }, (_, head) => {
    const from = head * headDim;
    const bias = zeros(query.rows, key.rows);
    for (let i = 0; i < query.rows; i++) {
      for (let j = 0; j < key.rows; j++) {
        bias.data[i * key.rows + j] = dot(
          rowOf(query, i).subarray(from, from + headDim),
          rowOf(key, j).subarray(from, from + headDim),
        );
      }
    }
    return bias;
  });
}

/** Adds the relative bias of tokens to the square of `length` positions that starts at `offset`. */
export function addTokenDistances(
  weights: Weights,
  side: 'encoder' | 'decoder',
  config: ReferenceConfig,
  layer: number,
  bias: Bias,
  square: { offset: number; length: number },
): Bias {
  const table = matrix(weights, relativeTable(side, 'token', config, layer));
  const buckets = weights.get(`${side}.token_rp_bucket`);
  const bucketOf = (i: number, j: number): number => {
    if (buckets === undefined) return tokenBucket(i - j, config.token_bucket_size);
    const columns = buckets.shape[1] ?? 0;
    return buckets.data[i * columns + j] ?? NaN;
  };
  return addToSquare(bias, square, (head, i, j) => at(table, bucketOf(i, j), head));
}

/** Adds the relative bias of image positions, which come first. */
export function addImageDistances(
  weights: Weights,
  config: ReferenceConfig,
  layer: number,
  bias: Bias,
  grid: number,
): Bias {
  const table = matrix(weights, relativeTable('encoder', 'image', config, layer));
  const size = config.image_bucket_size;
  return addToSquare(bias, { offset: 0, length: grid * grid }, (head, i, j) => {
    const rows = Math.floor(i / grid) - Math.floor(j / grid);
    const columns = (i % grid) - (j % grid);
    return at(table, (rows + size - 1) * (2 * size - 1) + columns + size - 1, head);
  });
}

/** The encoder's normalised positions, image then text, for the biases of its layers and of the cross-attention. */
export function encoderPositions(weights: Weights, image: Matrix, text: Matrix): [Matrix, Matrix] {
  return [layerNorm(weights, 'encoder.image_pos_ln', image), layerNorm(weights, 'encoder.pos_ln', text)];
}

function relativeTable(
  side: 'encoder' | 'decoder',
  kind: 'token' | 'image',
  config: ReferenceConfig,
  layer: number,
): string {
  return `${side}.${kind}_rel_pos_table_list.${config.share_attn_bias ? 0 : layer}.weight`;
}

function addToSquare(
  bias: Bias,
  square: { offset: number; length: number },
  term: (head: number, i: number, j: number) => number,
): Bias {
  return bias.map((scores, head) => {
    const sum = { ...scores, data: Float64Array.from(scores.data) };
    for (let i = 0; i < square.length; i++) {
      for (let j = 0; j < square.length; j++) {
        const index = (square.offset + i) * scores.columns + square.offset + j;
        sum.data[index] = (sum.data[index] ?? NaN) + term(head, i, j);
      }
    }
    return sum;
  });
}
