import type { FileHandle } from 'node:fs/promises';
import { UserError } from '../../errors.ts';
import { fill, openRegular } from '../../regular-file.ts';
import { reasonOf } from '../../system-reason.ts';

/** The error for a file that cannot be read. */
export function unreadable(path: string, error: unknown): UserError {
  const message = `${path} cannot be read: ${reasonOf(error)}.`;
  return new UserError('checkpoint-unreadable', message, { cause: error });
}

/** Random access to an open file: checkpoints are too large to be read into memory. */
export class FileSource {
  readonly path: string;
  /** Size in bytes at the time the file was opened. */
  readonly size: number;
  readonly #handle: FileHandle;

  private constructor(path: string, size: number, handle: FileHandle) {
    this.path = path;
    this.size = size;
    this.#handle = handle;
  }

  static async open(path: string): Promise<FileSource> {
    let handle: FileHandle | undefined;
    try {
      handle = await openRegular(path);
      return new FileSource(path, (await handle.stat()).size, handle);
    } catch (error) {
      await handle?.close();
      throw unreadable(path, error);
    }
  }

  /**
   * Fills `target` with the bytes that start at `position`.
   *
   * @throws UserError (checkpoint-incomplete) if the file is too short
   */
  async readInto(target: Uint8Array, position: number): Promise<void> {
    const done = await fill(this.#handle, target, position).catch((error: unknown) => {
      throw unreadable(this.path, error);
    });
    if (done === target.length) return;
    const needed = position + target.length;
    throw new UserError(
      'checkpoint-incomplete',
      `${this.path} is truncated: it has ${position + done} bytes but needs ${needed}; download it again.`,
    );
  }

  /** Reads `length` bytes at `position`. */
  async read(position: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    await this.readInto(bytes, position);
    return bytes;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
