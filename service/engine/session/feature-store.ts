import { LRUCache } from 'lru-cache';

/** Most images, however small their features are: earlier ones are seldom asked about again. */
const MAX_IMAGES = 1000;
/** Memory is allocated as it is needed, in blocks of about this size. */
const BLOCK_BYTES = 2 ** 20;

/**
 * Keeps the features of recent images. Their memory is reused: arrays that are freed one by one leave gaps between the
 * tensors of ONNX Runtime, which took as much again.
 */
export class FeatureStore {
  readonly #length: number;
  readonly #capacity: number;
  readonly #rowsPerBlock: number;
  readonly #blocks: Float32Array[] = [];
  /** The row of each image. */
  readonly #rows: LRUCache<string, number> | undefined;

  /**
   * @param length number of values of an image's features
   * @param bytes most memory
   */
  constructor(length: number, bytes: number) {
    const rowBytes = length * Float32Array.BYTES_PER_ELEMENT;
    this.#length = length;
    this.#capacity = Math.min(MAX_IMAGES, Math.floor(bytes / rowBytes));
    this.#rowsPerBlock = Math.max(1, Math.min(this.#capacity, Math.floor(BLOCK_BYTES / rowBytes)));
    this.#rows = this.#capacity === 0 ? undefined : new LRUCache({ max: this.#capacity });
  }

  /** @returns the features of an image, which the next `set` may overwrite; undefined if they are not kept */
  get(key: string): Float32Array | undefined {
    const row = this.#rows?.get(key);
    return row === undefined ? undefined : this.#memoryOf(row);
  }

  /**
   * Copies the features of an image, in place of those that have not been used for longest.
   *
   * @throws RangeError if there are more or fewer than of other images
   */
  set(key: string, values: Float32Array): void {
    if (values.length !== this.#length) throw new RangeError(`${values.length} features are not ${this.#length}`);
    const rows = this.#rows;
    if (rows === undefined || rows.has(key)) return;
    const row = (rows.size < this.#capacity ? undefined : rows.pop()) ?? rows.size;
    this.#memoryOf(row).set(values);
    rows.set(key, row);
  }

  #memoryOf(row: number): Float32Array {
    const block = Math.floor(row / this.#rowsPerBlock);
    const start = (row % this.#rowsPerBlock) * this.#length;
    const memory = (this.#blocks[block] ??= new Float32Array(this.#rowsPerBlock * this.#length));
    return memory.subarray(start, start + this.#length);
  }
}
