import { Budget } from '../../model/budget.ts';
import { MIB } from '../../model/bytes.ts';
import { RowError } from '../row-error.ts';
import type { ImageSource, StoredImage } from './stored-image.ts';

interface ImageLimits {
  /** Largest image file, in MiB. */
  readonly maxMib: number;
  /** Most MiB of image files in memory at once; at least one file is read. */
  readonly maxTotalMib: number;
}

/** An image file in memory. */
interface LoadedImage {
  readonly bytes: Uint8Array;
  /** Makes room for other files. */
  readonly release: () => void;
}

/** Reads image files while there is memory for them. */
export class ImageLoader {
  readonly #source: ImageSource;
  readonly #maxMib: number;
  readonly #memory: Budget;

  constructor(source: ImageSource, { maxMib, maxTotalMib }: ImageLimits) {
    this.#source = source;
    this.#maxMib = maxMib;
    this.#memory = new Budget(Infinity, maxTotalMib * MIB);
  }

  /**
   * Reads an image file, when there is memory for it.
   *
   * @param image what the row names, or has
   * @throws RowError, or the signal's reason
   */
  async load(image: string | StoredImage, signal: AbortSignal): Promise<LoadedImage> {
    const found = typeof image === 'string' ? await this.#source.find(image, signal) : image;
    try {
      const { size } = found;
      if (size === 0) throw new RowError('invalid-field', 'The field "image" is empty.', 'image');
      if (size > this.#maxMib * MIB) {
        const detail = `The image file has ${Math.ceil(size / MIB)} MiB; at most ${this.#maxMib} are read (MAX_BODY_MB).`;
        throw new RowError('body-too-large', detail, 'image');
      }
      const release = await this.#memory.take(size, signal);
      try {
        return { bytes: await found.read(signal), release };
      } catch (error) {
        release();
        throw error;
      }
    } finally {
      await found.close?.();
    }
  }
}
