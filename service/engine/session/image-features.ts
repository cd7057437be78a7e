import { Tensor, type InferenceSession } from '../../../model/onnx-runtime.ts';
import { GRAPH_IO } from '../../../model/package/layout.ts';
import type { EngineBatch } from '../protocol.ts';
import { FeatureStore } from './feature-store.ts';
import { copyPicture } from './picture-store.ts';
import { rowsFor } from './batch-sizes.ts';

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
  readonly #cacheBytes: number;
  /** Created once the size of features is known. */
  #kept: FeatureStore | undefined;
  /** Memory for the pictures of a run. It is reused, as a run ends before the next one starts. */
  #pixels = new Uint8Array();
  /** Shape [P, W] of an image's features, known after the first run. */
  #dims: readonly number[] = [];

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
    this.#cacheBytes = cacheBytes;
  }

  async ofItems(batch: EngineBatch): Promise<ItemFeatures> {
    const rows = rowsFor(batch.items.length, this.#fixedSizes);
    const known = batch.images.map((_, image) => this.#lookUp(batch.keys?.[image]));
    const missing = known.flatMap((features, image) => (features === undefined ? [image] : []));
    const reused = known.length - missing.length;
    if (missing.length === 0) return { tensor: this.#gather(batch, known, rows), reused };
    const computed = await this.#compute(batch, missing);
    const length = this.#rowLength();
    missing.forEach((image, row) => {
      known[image] = (computed.data as Float32Array).subarray(row * length, (row + 1) * length);
    });
    // Each item has an image of its own, and all were computed in this order: the usual batch.
    const isWhole = reused === 0 && isOneToOne(batch) && computed.dims[0] === rows;
    const tensor = isWhole ? computed : this.#gather(batch, known, rows);
    // Last, as it overwrites the oldest features, which this batch may use.
    this.#keep(batch, missing, known);
    return { tensor, reused };
  }

  /** Kept features, for the current batch alone: the next one may overwrite them. */
  #lookUp(key: string | undefined): Float32Array | undefined {
    return key === undefined ? undefined : this.#kept?.get(key);
  }

  #keep({ keys }: EngineBatch, images: readonly number[], known: readonly (Float32Array | undefined)[]): void {
    this.#kept ??= new FeatureStore(this.#rowLength(), this.#cacheBytes);
    for (const image of images) {
      const key = keys?.[image];
      const features = known[image];
      if (key !== undefined && features !== undefined) this.#kept.set(key, features);
    }
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
    if (features?.dims[0] !== rows || !(features.data instanceof Float32Array)) {
      throw new Error(`the output of the image graph is not float32 [${rows}, ...]`);
    }
    this.#dims = features.dims.slice(1);
    return features;
  }

  /** Number of values of an image's features, known after the first run. */
  #rowLength(): number {
    return this.#dims.reduce((product, dim) => product * dim, 1);
  }

  #gather(batch: EngineBatch, known: readonly (Float32Array | undefined)[], rows: number): Tensor {
    const length = this.#rowLength();
    const gathered = new Float32Array(rows * length);
    for (let row = 0; row < rows; row++) {
      const item = batch.items[Math.min(row, batch.items.length - 1)];
      const values = item === undefined ? undefined : known[item.image];
      if (values === undefined) throw new Error(`item ${row} has no picture`);
      gathered.set(values, row * length);
    }
    return new Tensor('float32', gathered, [rows, ...this.#dims]);
  }
}

/** Whether item i is about image i, for all items and images. */
function isOneToOne({ images, items }: EngineBatch): boolean {
  return images.length === items.length && items.every(({ image }, at) => image === at);
}
