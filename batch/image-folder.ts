import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../model/errors.ts';
import { openRegular } from '../model/regular-file.ts';
import { reasonOf } from '../model/system-reason.ts';
import { RowError } from './row-error.ts';
import { Budget } from './budget.ts';

export interface ImageFolderOptions {
  /** Whether paths and links may lead out of the folder. */
  readonly allowOutside: boolean;
  /** Largest image file, in MiB. */
  readonly maxMib: number;
  /** Most MiB of image files in memory at once; at least one file is read. */
  readonly maxTotalMib: number;
}

/** An image file in memory. */
export interface LoadedImage {
  readonly bytes: Uint8Array;
  /** Makes room for other files. */
  readonly release: () => void;
}

/** The folder of the pictures that rows name. */
export class ImageFolder {
  /** Without links. */
  readonly #root: string;
  readonly #options: ImageFolderOptions;
  readonly #memory: Budget;

  private constructor(root: string, options: ImageFolderOptions) {
    this.#root = root;
    this.#options = options;
    this.#memory = new Budget(options.maxTotalMib * 2 ** 20);
  }

  /** @throws UserError `input-unreadable` */
  static async open(folder: string, options: ImageFolderOptions): Promise<ImageFolder> {
    const root = await realpath(folder).catch((cause: unknown) => {
      throw new UserError('input-unreadable', `Cannot read the folder ${folder}: ${reasonOf(cause)}.`, { cause });
    });
    return new ImageFolder(root, options);
  }

  /**
   * Reads an image file, when there is memory for it.
   *
   * @param name its path, relative to the folder or absolute
   * @throws RowError, or the signal's reason
   */
  async read(name: string, signal: AbortSignal): Promise<LoadedImage> {
    const { maxMib } = this.#options;
    const handle = await this.#open(name);
    try {
      const { size } = await handle.stat();
      if (size === 0) throw new RowError('invalid-field', 'The field "image" is empty.', 'image');
      if (size > maxMib * 2 ** 20) {
        const detail = `The image file has ${Math.ceil(size / 2 ** 20)} MiB; at most ${maxMib} are read (MAX_BODY_MB).`;
        throw new RowError('body-too-large', detail, 'image');
      }
      const release = await this.#memory.take(size, signal);
      try {
        return { bytes: await handle.readFile(), release };
      } catch (error) {
        release();
        throw unreadable(name, error);
      }
    } finally {
      await handle.close();
    }
  }

  async #open(name: string): ReturnType<typeof openRegular> {
    const file = path.resolve(this.#root, name);
    try {
      if (!this.#options.allowOutside && !(await this.#isInside(file))) {
        const detail = `The image ${name} is outside of the folder of images; --allow-outside reads it nevertheless.`;
        throw new RowError('image-outside-folder', detail, 'image');
      }
      return await openRegular(file);
    } catch (error) {
      throw error instanceof RowError ? error : unreadable(name, error);
    }
  }

  async #isInside(file: string): Promise<boolean> {
    const relative = path.relative(this.#root, await realpath(file));
    return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
  }
}

function unreadable(name: string, error: unknown): RowError {
  return new RowError('unreadable-image', `Cannot read the image ${name}: ${reasonOf(error)}.`, 'image');
}
