import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { shorten } from '../../model/echo.ts';
import { UserError } from '../../model/errors.ts';
import { openRegular } from '../../model/regular-file.ts';
import { reasonOf } from '../../model/system-reason.ts';
import { RowError } from '../row-error.ts';
import { unreadable, type ImageSource, type StoredImage } from './stored-image.ts';

/** A folder of image files on a disk. */
export class ImageFolder implements ImageSource {
  /** The real path, without symbolic links. */
  readonly #root: string;
  readonly #allowOutside: boolean;

  private constructor(root: string, allowOutside: boolean) {
    this.#root = root;
    this.#allowOutside = allowOutside;
  }

  /**
   * @param allowOutside whether paths and links may lead out of the folder
   * @throws UserError `input-unreadable`
   */
  static async open(folder: string, allowOutside: boolean): Promise<ImageFolder> {
    try {
      const root = await realpath(folder);
      if ((await stat(root)).isDirectory()) return new ImageFolder(root, allowOutside);
    } catch (cause) {
      throw new UserError('input-unreadable', `Cannot read the folder ${folder}: ${reasonOf(cause)}.`, { cause });
    }
    throw notFolder(folder);
  }

  /** @param name the image's path, relative to the folder or absolute */
  async find(name: string): Promise<StoredImage> {
    const handle = await this.#open(name);
    const { size } = await handle.stat();
    return {
      size,
      read: (signal) =>
        handle.readFile({ signal }).catch((error: unknown) => {
          signal.throwIfAborted();
          throw unreadable(name, error);
        }),
      close: () => handle.close(),
    };
  }

  async #open(name: string): ReturnType<typeof openRegular> {
    const file = path.resolve(this.#root, name);
    try {
      if (!this.#allowOutside && !(await this.#isInside(file))) throw outsideFolder(name);
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

/** The error of a file that is given as the folder of images. */
export function notFolder(file: string): UserError {
  const message = `--images is the file ${file}; it must be a folder, a tar that is not compressed, or a quoted pattern of such tars.`;
  return new UserError('input-unreadable', message);
}

/** The error of an image that a row may not name. */
export function outsideFolder(name: string): RowError {
  const detail = `The image ${shorten(name)} is outside of the folder of images; --allow-outside reads it nevertheless.`;
  return new RowError('image-outside-folder', detail, 'image');
}
