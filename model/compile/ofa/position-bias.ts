import type { OfaConfig } from '../checkpoint/index.ts';
import { columns, layerNorm, linear, pickRows, timesTransposed } from './arithmetic.ts';
import { EPSILON } from './emitter.ts';
import type { Parameter, Parameters } from './parameters.ts';

/** Rows of position embeddings after their LayerNorm: [rows, width]. */
export interface Positions {
  readonly rows: number;
  read(): Promise<Float32Array>;
}

/** Added to a score, it makes the softmax weight exactly 0 in float32 and is finite in float16. */
export const MASKED = -1e4;

/**
 * Normalised embeddings of text positions 0 to rows - 1, from `embed_positions` and `pos_ln`. Positions past
 * the table take its last row: they can only be padding.
 */
export function textPositions(parameters: Parameters, config: OfaConfig, rows: number): Positions {
  const table = positionTable(parameters, config);
  const norm = normOf(parameters.at('pos_ln'), config.dModel);
  return cached(rows, async () => norm(await table(rows)));
}

/** Raw embeddings of text positions 0 to rows - 1; see {@link textPositions} for positions past the table. */
export function positionTable(
  parameters: Parameters,
  config: OfaConfig,
): (rows: number) => Promise<Float32Array> {
  const [tableRows = 0] = parameters.shapeOf('embed_positions.weight');
  const table = parameters.get('embed_positions.weight', [tableRows, config.dModel]);
  return async (rows) => {
    const known = await table.readRows(0, Math.min(rows, tableRows));
    const out = new Float32Array(rows * config.dModel);
    for (let row = 0; row < rows; row++) {
      const at = Math.min(row, tableRows - 1) * config.dModel;
      out.set(known.subarray(at, at + config.dModel), row * config.dModel);
    }
    return out;
  };
}

/** Normalised embeddings of image positions of a grid, from `embed_image_positions` and `image_pos_ln`. */
export function imagePositions(parameters: Parameters, config: OfaConfig, grid: number): Positions {
  const table = imagePositionTable(parameters, config, grid);
  const norm = normOf(parameters.at('image_pos_ln'), config.dModel);
  return cached(grid * grid, async () => norm(await table()));
}

/** Raw embeddings of image positions, row by row of the grid. */
export function imagePositionTable(
  parameters: Parameters,
  config: OfaConfig,
  grid: number,
): () => Promise<Float32Array> {
  const bucket = config.imageBucketSize;
  const table = parameters.get('embed_image_positions.weight', [bucket * bucket + 1, config.dModel]);
  return async () => {
    const out = new Float32Array(grid * grid * config.dModel);
    for (let row = 0; row < grid; row++) {
      const first = row * bucket + 1;
      out.set(await table.readRows(first, first + grid), row * grid * config.dModel);
    }
    return out;
  };
}

/** One run of positions after another. */
export function joined(...parts: readonly Positions[]): Positions {
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  return cached(rows, async () => {
    const read = await Promise.all(parts.map((part) => part.read()));
    const out = new Float32Array(read.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of read) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  });
}

/** Some of the positions, in the order of `indices`. */
export function pickedPositions(positions: Positions, indices: readonly number[]): Positions {
  return cached(indices.length, async () => {
    const all = await positions.read();
    return pickRows(all, indices, all.length / positions.rows);
  });
}

/** The bias of one head: [queries, keys], row-major. */
export type HeadBias = (head: number) => Promise<Float32Array>;

/**
 * The absolute position bias: q and k are linear images of the positions, the bias of a head is q k^T, with q
 * scaled by (width / heads * attn_scale_factor)^-0.5.
 *
 * @param linears names of the linear layers of q and k below `parameters`
 */
export function absoluteBias(
  parameters: Parameters,
  config: OfaConfig,
  heads: number,
  linears: readonly [string, string],
  queries: Positions,
  keys: Positions,
): HeadBias {
  const width = config.dModel;
  const headWidth = width / heads;
  const scaling = (headWidth * config.attnScaleFactor) ** -0.5;
  const project = (name: string, positions: Positions): (() => Promise<Float32Array>) => {
    const weight = parameters.get(`${name}.weight`, [width, width]);
    const bias = parameters.get(`${name}.bias`, [width]);
    return once(async () =>
      linear(await positions.read(), await weight.read(), await bias.read(), positions.rows),
    );
  };
  const [q, k] = [project(linears[0], queries), project(linears[1], keys)];
  const perHead = new Map<number, Promise<Float32Array>>();
  const compute = async (head: number): Promise<Float32Array> => {
    const left = columns(await q(), width, head * headWidth, headWidth).map((value) => value * scaling);
    const right = columns(await k(), width, head * headWidth, headWidth);
    return timesTransposed(left, right, queries.rows, headWidth);
  };
  return (head) => {
    const known = perHead.get(head) ?? compute(head);
    perHead.set(head, known);
    return known;
  };
}

/**
 * Index into the table of relative text positions. Distances up to half a bucket are exact, longer ones
 * logarithmic up to 1023 (the reference's `make_token_bucket_position`).
 *
 * @param distance query position - key position
 */
export function tokenBucket(distance: number, bucketSize: number): number {
  const middle = Math.floor(bucketSize / 2);
  const length = Math.abs(distance);
  if (length <= middle) return distance + bucketSize - 1;
  const log = Math.ceil((Math.log(length / middle) / Math.log(1023 / middle)) * (middle - 1)) + middle;
  return Math.sign(distance) * log + bucketSize - 1;
}

/** Learned biases by distance, one for each head, of one layer. */
export interface RelativeBias {
  /** Adds the bias of `head` to the entry of every pair of positions. */
  addTo(bias: Float32Array, head: number): Promise<void>;
}

/**
 * Relative bias between text positions.
 *
 * @param positions text position of every row (and column), undefined where it is not text
 */
export function tokenRelativeBias(
  parameters: Parameters,
  config: OfaConfig,
  heads: number,
  layer: number,
  positions: readonly (number | undefined)[],
): RelativeBias {
  const size = config.tokenBucketSize;
  const table = relativeTable(parameters, 'token_rel_pos_table_list', layer, config, 2 * size - 1, heads);
  return relativeBias(table, heads, positions, async () => {
    const stored = await storedBuckets(parameters, positions);
    return (i, j) => stored?.(i, j) ?? tokenBucket(i - j, size);
  });
}

/** The buckets as the checkpoint's buffer has them, where it carries one. */
async function storedBuckets(
  parameters: Parameters,
  positions: readonly (number | undefined)[],
): Promise<((i: number, j: number) => number | undefined) | undefined> {
  if (!parameters.has('token_rp_bucket')) return undefined;
  const [side = 0] = parameters.shapeOf('token_rp_bucket');
  const last = Math.max(...positions.map((position) => position ?? 0));
  const rows = await parameters.get('token_rp_bucket', [side, side]).readRows(0, Math.min(side, last + 1));
  return (i, j) => (j < side ? rows[i * side + j] : undefined);
}

/** Relative bias between the first grid * grid rows and columns, the image positions row by row. */
export function imageRelativeBias(
  parameters: Parameters,
  config: OfaConfig,
  heads: number,
  layer: number,
  grid: number,
  total: number,
): RelativeBias {
  const size = config.imageBucketSize;
  const span = 2 * size - 1;
  // Three entries more than there are distances: the reference keeps them for a class token it does not use.
  const table = relativeTable(parameters, 'image_rel_pos_table_list', layer, config, span * span + 3, heads);
  const positions = Array.from({ length: total }, (_, at) => (at < grid * grid ? at : undefined));
  return relativeBias(table, heads, positions, () =>
    Promise.resolve((i, j) => {
      const rows = Math.floor(i / grid) - Math.floor(j / grid);
      const cols = (i % grid) - (j % grid);
      return (rows + size - 1) * span + cols + size - 1;
    }),
  );
}

function relativeTable(
  parameters: Parameters,
  list: string,
  layer: number,
  config: OfaConfig,
  rows: number,
  heads: number,
): Parameter {
  return parameters.get(`${list}.${config.shareAttnBias ? 0 : layer}.weight`, [rows, heads]);
}

function relativeBias(
  table: Parameter,
  heads: number,
  positions: readonly (number | undefined)[],
  makeIndex: () => Promise<(i: number, j: number) => number>,
): RelativeBias {
  const side = positions.length;
  const NONE = -1;
  const read = once(async () => {
    const index = await makeIndex();
    const rows = new Int32Array(side * side).fill(NONE);
    for (let row = 0; row < side; row++) {
      const i = positions[row];
      for (let column = 0; i !== undefined && column < side; column++) {
        const j = positions[column];
        if (j !== undefined) rows[row * side + column] = index(i, j);
      }
    }
    return { rows, values: await table.read() };
  });
  return {
    async addTo(bias, head) {
      const { rows, values } = await read();
      for (let at = 0; at < bias.length; at++) {
        const row = rows[at] ?? NONE;
        if (row !== NONE) bias[at] = (bias[at] ?? 0) + (values[row * heads + head] ?? 0);
      }
    },
  };
}

function normOf(parameters: Parameters, width: number): (rows: Float32Array) => Promise<Float32Array> {
  const weight = parameters.get('weight', [width]);
  const bias = parameters.get('bias', [width]);
  return async (rows) => layerNorm(rows, await weight.read(), await bias.read(), EPSILON);
}

function cached(rows: number, read: () => Promise<Float32Array>): Positions {
  return { rows, read: once(read) };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
