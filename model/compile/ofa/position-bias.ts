import { UserError } from '../../errors.ts';
import { columns, layerNorm, linear, pickRows, timesTransposed } from './arithmetic.ts';
import { scoreScale } from './layers.ts';
import { EPSILON, type Module } from './module.ts';
import type { Parameter } from './parameters.ts';

// OFA adds two biases to attention scores: an absolute one, computed from position embeddings, and a relative one,
// looked up by distance. Both are constants, so they are computed here, at compile time. Reference:
// TransformerEncoder and TransformerDecoder in models/ofa/unify_transformer.py of OFA-Sys/OFA.

/** Added to a score, it makes the softmax weight exactly 0 in float32, and it is finite in float16. */
export const MASKED = -1e4;

/** Embeddings of a sequence of positions, [rows, width]. */
export interface Positions {
  readonly rows: number;
  readonly read: () => Promise<Float32Array>;
}

/** The indices 0 to count - 1. */
export function range(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at);
}

/**
 * Embeddings of text positions, rows of `embed_positions`: in the reference, two more than `max_position_embeddings`.
 * Positions past the end of the table take its last row: only padding can be there.
 *
 * @throws UserError if the table has fewer rows, since long texts would take its last row, too
 */
export function textPositions({ parameters, config }: Module, indices: readonly number[]): Positions {
  const name = 'embed_positions.weight';
  const [found = 0] = parameters.shapeOf(name);
  const tableRows = Math.max(found, config.maxPositionEmbeddings + 2);
  const table = parameters.get(name, [tableRows, config.dModel]);
  const rows = indices.map((index) => Math.min(index, tableRows - 1));
  return positions(rows.length, async () =>
    pickRows(await table.readRows(0, Math.max(...rows) + 1), rows, config.dModel),
  );
}

/**
 * Embeddings of the image positions of a grid, row by row, from `embed_image_positions`: that table has a row for each
 * cell of a grid of `image_bucket_size`, after one that is not used (`get_patch_images_info` in the reference).
 */
export function imagePositions({ parameters, config }: Module, grid: number): Positions {
  const side = config.imageBucketSize;
  const table = parameters.get('embed_image_positions.weight', [side * side + 1, config.dModel]);
  const rows = range(grid * grid).map((at) => Math.floor(at / grid) * side + (at % grid) + 1);
  return positions(rows.length, async () => pickRows(await table.read(), rows, config.dModel));
}

/** Positions after a LayerNorm. */
export function normalised({ parameters, config }: Module, raw: Positions): Positions {
  const weight = parameters.get('weight', [config.dModel]);
  const bias = parameters.get('bias', [config.dModel]);
  return positions(raw.rows, async () => layerNorm(await raw.read(), await weight.read(), await bias.read(), EPSILON));
}

/** The positions of `first`, then those of `second`. */
export function concatenated(first: Positions, second: Positions): Positions {
  return positions(first.rows + second.rows, async () => {
    const [head, tail] = await Promise.all([first.read(), second.read()]);
    const out = new Float32Array(head.length + tail.length);
    out.set(head);
    out.set(tail, head.length);
    return out;
  });
}

function positions(rows: number, read: () => Promise<Float32Array>): Positions {
  return { rows, read: once(read) };
}

/** Computes the bias of one head: [queries, keys], row-major. */
export type HeadBias = (head: number) => Promise<Float32Array>;

/**
 * The biases of the heads from `from` (included) to `to` (excluded), one after another: the chunks of a
 * [heads, queries, keys] constant.
 */
export async function* headByHead(from: number, to: number, bias: HeadBias): AsyncGenerator<Float32Array> {
  for (let head = from; head < to; head++) yield await bias(head);
}

/**
 * The absolute position bias q k^T of a head, where q and k are linear projections of the positions and q is scaled
 * like the queries of the attention (`pos_scaling` in the reference).
 *
 * @param linears names of the projections of queries and keys
 */
export function absoluteBias(
  { parameters, config }: Module,
  heads: number,
  linears: readonly [string, string],
  queries: Positions,
  keys: Positions,
): HeadBias {
  const width = config.dModel;
  const headWidth = width / heads;
  const scale = scoreScale(config, heads);
  const project = (name: string, { rows, read }: Positions): (() => Promise<Float32Array>) => {
    const weight = parameters.get(`${name}.weight`, [width, width]);
    const bias = parameters.get(`${name}.bias`, [width]);
    return once(async () => linear(await read(), await weight.read(), await bias.read(), rows));
  };
  const [q, k] = [project(linears[0], queries), project(linears[1], keys)];
  const perHead = range(heads).map((head) =>
    once(async () => {
      const left = columns(await q(), width, head * headWidth, headWidth).map((value) => value * scale);
      const right = columns(await k(), width, head * headWidth, headWidth);
      return timesTransposed(left, right, queries.rows, headWidth);
    }),
  );
  return (head) => perHead[head]?.() ?? Promise.reject(new RangeError(`There is no head ${head}.`));
}

/** Adds the relative bias of a head to every pair of positions that has one. */
export type RelativeBias = (bias: Float32Array, head: number) => Promise<void>;

/** An absolute bias plus relative ones. */
export function sum(absolute: HeadBias, ...relative: readonly RelativeBias[]): HeadBias {
  return async (head) => {
    const bias = (await absolute(head)).slice();
    for (const add of relative) await add(bias, head);
    return bias;
  };
}

/**
 * Index into the table of relative text biases (`make_token_bucket_position` in the reference): distances up to half of
 * the bucket size have an entry each, longer ones share entries on a logarithmic scale that ends at 1023.
 *
 * @param distance position of the query - position of the key
 */
function tokenBucket(distance: number, bucketSize: number): number {
  const middle = Math.floor(bucketSize / 2);
  const length = Math.abs(distance);
  if (length <= middle) return distance + bucketSize - 1;
  const log = Math.ceil((Math.log(length / middle) / Math.log(1023 / middle)) * (middle - 1)) + middle;
  return Math.sign(distance) * log + bucketSize - 1;
}

/**
 * The relative bias between text positions in one layer.
 *
 * @param texts text position of each row and column, undefined where there is no text
 */
export function tokenRelativeBias(
  { parameters, config }: Module,
  heads: number,
  layer: number,
  texts: readonly (number | undefined)[],
): RelativeBias {
  const size = config.tokenBucketSize;
  const name = `token_rel_pos_table_list.${config.shareAttnBias ? 0 : layer}.weight`;
  const table = parameters.get(name, [2 * size - 1, heads]);
  return lookedUp(table, heads, texts, async () => {
    const stored = await storedBuckets(parameters, 2 * size - 1, texts);
    return (i, j) => stored?.(i, j) ?? tokenBucket(i - j, size);
  });
}

/**
 * The buckets in the checkpoint's buffer `token_rp_bucket`, if it has one.
 *
 * @param entries of the tables that they refer to
 * @throws UserError if one refers to no entry
 */
async function storedBuckets(
  parameters: Module['parameters'],
  entries: number,
  texts: readonly (number | undefined)[],
): Promise<((i: number, j: number) => number | undefined) | undefined> {
  if (!parameters.has('token_rp_bucket')) return undefined;
  const [side = 0] = parameters.shapeOf('token_rp_bucket');
  const last = Math.max(...texts.map((position) => position ?? 0));
  const buffer = parameters.getIndices('token_rp_bucket', [side, side]);
  const rows = await buffer.readRows(0, Math.min(side, last + 1));
  const wrong = rows.find((bucket) => !Number.isInteger(bucket) || bucket < 0 || bucket >= entries);
  if (wrong !== undefined) {
    throw new UserError(
      'checkpoint-unreadable',
      `The checkpoint's tensor ${buffer.name} refers to entry ${wrong} of tables that have ${entries}: it is damaged.`,
    );
  }
  return (i, j) => (j < side ? rows[i * side + j] : undefined);
}

/**
 * The relative bias between image positions in one layer (`make_image_bucket_position` in the reference).
 *
 * @param total rows and columns of the bias, of which the first grid * grid are image positions
 */
export function imageRelativeBias(
  { parameters, config }: Module,
  heads: number,
  layer: number,
  grid: number,
  total: number,
): RelativeBias {
  const size = config.imageBucketSize;
  const span = 2 * size - 1;
  const name = `image_rel_pos_table_list.${config.shareAttnBias ? 0 : layer}.weight`;
  // The last three entries are for a class token, which OFA does not use.
  const table = parameters.get(name, [span * span + 3, heads]);
  const images = range(total).map((at) => (at < grid * grid ? at : undefined));
  const bucket = (i: number, j: number): number => {
    const rows = Math.floor(i / grid) - Math.floor(j / grid);
    const cols = (i % grid) - (j % grid);
    return (rows + size - 1) * span + cols + size - 1;
  };
  return lookedUp(table, heads, images, () => Promise.resolve(bucket));
}

/**
 * A relative bias from a table [buckets, heads].
 *
 * @param readBuckets reads which entry of the table belongs to a pair of positions
 */
function lookedUp(
  table: Parameter,
  heads: number,
  places: readonly (number | undefined)[],
  readBuckets: () => Promise<(i: number, j: number) => number>,
): RelativeBias {
  const NONE = -1;
  const side = places.length;
  const read = once(async () => {
    const bucket = await readBuckets();
    const buckets = new Int32Array(side * side).fill(NONE);
    for (let row = 0; row < side; row++) {
      const i = places[row];
      for (let column = 0; i !== undefined && column < side; column++) {
        const j = places[column];
        if (j !== undefined) buckets[row * side + column] = bucket(i, j);
      }
    }
    return { buckets, values: await table.read() };
  });
  return async (bias, head) => {
    const { buckets, values } = await read();
    for (let at = 0; at < bias.length; at++) {
      const bucket = buckets[at] ?? NONE;
      if (bucket !== NONE) bias[at] = (bias[at] ?? 0) + (values[bucket * heads + head] ?? 0);
    }
  };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
