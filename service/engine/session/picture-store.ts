import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { EngineImage } from '../protocol.ts';

/** File descriptor of the pictures in an engine process: after the standard streams and the channel of messages. */
export const PICTURES_FD = 4;
/** Where a file is memory: containers have it, however read-only they are. */
const MEMORY_FOLDER = '/dev/shm';

/**
 * Decoded pictures in a file in memory that the engine processes have open too. A picture is written while it waits for
 * its batch, so that the engine, when it comes free, has only to copy it, and no picture passes through a pipe. The
 * file has no name: it is gone with the processes.
 */
export class PictureStore {
  /** To be inherited by engine processes as {@link PICTURES_FD}. */
  readonly fd: number;
  readonly #pictureBytes: number;
  /** Slots that are free; the lowest first, so that the file is no larger than it has to be. */
  readonly #free: number[];
  readonly #slots = new Map<Uint8Array, number>();

  private constructor(fd: number, pictureBytes: number, slots: number) {
    this.fd = fd;
    this.#pictureBytes = pictureBytes;
    this.#free = Array.from({ length: slots }, (_, index) => index);
  }

  /**
   * @param pictureBytes of each picture
   * @param slots pictures at the same time
   * @param folders where to try, in order @default memory, then the folder for temporary files
   * @returns undefined where no folder can be written to: pictures then go to the engine with their batch
   */
  static open(
    pictureBytes: number,
    slots: number,
    folders: readonly string[] = [MEMORY_FOLDER, tmpdir()],
  ): PictureStore | undefined {
    for (const folder of folders) {
      try {
        const path = join(folder, `ofa-ve-${randomUUID()}`);
        const fd = openSync(path, 'wx+', 0o600);
        unlinkSync(path);
        return new PictureStore(fd, pictureBytes, slots);
      } catch {
        continue;
      }
    }
    return undefined;
  }

  /** Writes a picture. Where no slot is free or the memory is full, it stays where it is. */
  put(pixels: Uint8Array): void {
    const slot = this.#free[0];
    if (slot === undefined || this.#slots.has(pixels) || pixels.length !== this.#pictureBytes) return;
    try {
      if (writeSync(this.fd, pixels, 0, pixels.length, slot * this.#pictureBytes) !== pixels.length) return;
    } catch {
      return;
    }
    this.#free.shift();
    this.#slots.set(pixels, slot);
  }

  /** A picture as a message has it: where it was put, or itself. */
  imageOf(pixels: Uint8Array): EngineImage {
    const slot = this.#slots.get(pixels);
    return slot === undefined ? pixels : { offset: slot * this.#pictureBytes };
  }

  /** Gives a picture's slot to others; nobody waits for an answer about it. */
  free(pixels: Uint8Array): void {
    const slot = this.#slots.get(pixels);
    if (slot === undefined) return;
    this.#slots.delete(pixels);
    const at = this.#free.findIndex((other) => other > slot);
    this.#free.splice(at < 0 ? this.#free.length : at, 0, slot);
  }

  /** Closes the file, once no engine will be started any more. */
  close(): void {
    closeSync(this.fd);
  }
}

/**
 * Copies a picture to where the engine needs it.
 *
 * @param target as long as a picture
 * @param fd the file of pictures @default the one that the process inherited
 * @throws Error when there are not as many bytes as that
 */
export function copyPicture(image: EngineImage, target: Uint8Array, fd: number = PICTURES_FD): void {
  const { length } = target;
  if (image instanceof Uint8Array) {
    if (image.length !== length) throw new Error(`a picture has ${image.length} bytes, not ${length}`);
    target.set(image);
    return;
  }
  const bytes = readSync(fd, target, 0, length, image.offset);
  if (bytes !== length) throw new Error(`the file of pictures ends after ${bytes} of ${length} bytes`);
}
