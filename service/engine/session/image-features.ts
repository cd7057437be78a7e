import { LRUCache } from 'lru-cache';
import { Tensor, type InferenceSession } from '../../../model/onnx-runtime.ts';
import { GRAPH_IO } from '../../../model/package/manifest.ts';
import type { EngineBatch } from '../protocol.ts';
import { copyPicture } from './picture-store.ts';
import { rowsFor } from './batch-sizes.ts';

/** Values of a float tensor: Float32Array, or for float16 what this release of Node.js uses, bits or numbers. */
type Floats = Float32Array | Uint16Array;

/** The features of a batch's items, as the answer graph takes them. */
export interface ItemFeatures {
  /** [rows, P, W]: a row for each item, and rows that repeat the last one up to a size that may run. */
  readonly tensor: Tensor;
  /** How many of the batch's images needed no run of the image graph. */
  readonly reused: number;
}

/**
 * Computes the features of images, each image of a batch once, and keeps those of images with a key.
 */
export class ImageFeatures {
  readonly #session: InferenceSession;
  readonly #side: number;
  readonly #fixedSizes: readonly number[] | undefined;
  readonly #cache: LRUCache<string, Floats> | undefined;
  /** Memory for the pictures of a run. It is reused, as a run ends before the next one starts. */
  #pixels = new Uint8Array();
  /** Type and shape [P, W] of an image's features, known after the first run. */
  #form: { readonly type: Tensor.Type; readonly dims: readonly number[] } | undefined;

  /**
   * @param session the image graph's
   * @param side of the square image, in pixels
   * @param fixedSizes batch sizes that may run, ascending @default any size
   * @param cacheBytes most memory for kept features; 0 keeps none
   */
  constructor(session: InferenceSession, side: number, fixedSizes: readonly number[] | undefined, cacheBytes: number) {
    this.#session = session;
    this.#side = side;
    this.#fixedSizes = fixedSizes;
    this.#cache =
      cacheBytes === 0
        ? undefined
        : new LRUCache({ maxSize: cacheBytes, sizeCalculation: ({ byteLength }) => byteLength });
  }

  async ofItems(batch: EngineBatch): Promise<ItemFeatures> {
    const rows = rowsFor(batch.items.length, this.#fixedSizes);
    const known = batch.images.map((_, image) => this.#cached(batch.keys?.[image]));
    const missing = known.flatMap((features, image) => (features === undefined ? [image] : []));
    const reused = known.length - missing.length;
    const computed = missing.length === 0 ? undefined : await this.#compute(batch, missing);
    if (computed !== undefined) {
      const length = rowLength(computed);
      missing.forEach((image, row) => {
        const key = batch.keys?.[image];
        const values = floatsOf(computed).subarray(row * length, (row + 1) * length);
        known[image] = values;
        // A copy: the rows of the tensor share one buffer.
        if (key !== undefined) this.#cache?.set(key, values.slice());
      });
      // Each item has an image of its own, and all were computed in this order: the usual batch.
      if (reused === 0 && isOneToOne(batch) && computed.dims[0] === rows) return { tensor: computed, reused };
    }
    return { tensor: this.#gather(batch, known, rows), reused };
  }

  #cached(key: string | undefined): Floats | undefined {
    return key === undefined ? undefined : this.#cache?.get(key);
  }

  /** Runs the image graph. @returns the features of these images, and rows that fill the batch */
  async #compute(batch: EngineBatch, images: readonly number[]): Promise<Tensor> {
    const rows = rowsFor(images.length, this.#fixedSizes);
    const side = this.#side;
    const bytes = side * side * 3;
    if (this.#pixels.length < rows * bytes) this.#pixels = new Uint8Array(rows * bytes);
    for (let row = 0; row < rows; row++) {
      const image = batch.images[images[Math.min(row, images.length - 1)] ?? 0];
      if (image === undefined) throw new Error('the batch has no images');
      copyPicture(image, this.#pixels.subarray(row * bytes, (row + 1) * bytes));
    }
    const pixels = new Tensor('uint8', this.#pixels.subarray(0, rows * bytes), [rows, side, side, 3]);
    const { [GRAPH_IO.imageFeatures]: features } = await this.#session.run({ [GRAPH_IO.image]: pixels });
    if (features?.dims[0] !== rows) throw new Error(`the output of the image graph does not have ${rows} rows`);
    this.#form = { type: features.type, dims: features.dims.slice(1) };
    return features;
  }

  #gather(batch: EngineBatch, known: readonly (Floats | undefined)[], rows: number): Tensor {
    const form = this.#form;
    const [first] = known;
    if (form === undefined || first === undefined) throw new Error('the batch has no images');
    const gathered = new (first.constructor as new (length: number) => Floats)(rows * first.length);
    for (let row = 0; row < rows; row++) {
      const item = batch.items[Math.min(row, batch.items.length - 1)];
      const values = item === undefined ? undefined : known[item.image];
      if (values === undefined) throw new Error(`item ${row} has no picture`);
      gathered.set(values, row * first.length);
    }
    // ONNX Runtime's types do not know which array belongs to which type.
    return new Tensor(form.type as 'float32', gathered as Float32Array, [rows, ...form.dims]);
  }
}

/** Whether item i is about image i, for all items and images. */
function isOneToOne({ images, items }: EngineBatch): boolean {
  return images.length === items.length && items.every(({ image }, at) => image === at);
}

function floatsOf(tensor: Tensor): Floats {
  return tensor.data as Floats;
}

/** Number of values in each row. */
function rowLength({ dims }: Tensor): number {
  return dims.slice(1).reduce((product, dim) => product * dim, 1);
}
