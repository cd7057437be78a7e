import { closeSync, readSync, writeSync } from 'node:fs';

import type { EngineImage } from '../protocol.ts';
import { openPictureFile } from './picture-file.ts';

/** File descriptor of the picture file in an engine process: the first after stdio and the message channel. */
const PICTURES_FD = 4;

/** Where a picture is. */
interface Slot {
  readonly index: number;
  /** Runs in progress that may read it. */
  runs: number;
  /** Whether it is to be freed after them. */
  isUnused: boolean;
}

/**
 * Decoded pictures in an in-memory file that the engine processes inherit. A picture is written while it waits for its
 * batch, so that an idle engine only has to copy it: no picture passes through a pipe.
 */
export class PictureStore {
  /** Inherited by engine processes as {@link PICTURES_FD}. */
  readonly fd: number;
  readonly #pictureBytes: number;
  /** Free slots in ascending order: the lowest is used first, which keeps the file small. */
  readonly #free: number[];
  readonly #slots = new Map<Uint8Array, Slot>();
  #isClosed = false;

  private constructor(fd: number, pictureBytes: number, slots: number) {
    this.fd = fd;
    this.#pictureBytes = pictureBytes;
    this.#free = Array.from({ length: slots }, (_, index) => index);
  }

  /**
   * @param pictureBytes size of each picture
   * @param slots how many pictures the store holds
   * @param fd its file @default a new one
   * @returns undefined if no file can be opened: pictures are then sent to the engine with their batch
   */
  static open(
    pictureBytes: number,
    slots: number,
    fd: number | undefined = openPictureFile(),
  ): PictureStore | undefined {
    return fd === undefined ? undefined : new PictureStore(fd, pictureBytes, slots);
  }

  /** Stores a picture, if a slot is free and there is memory for it. */
  put(pixels: Uint8Array): void {
    const index = this.#free[0];
    // The number of a closed file may be that of another one by now.
    if (this.#isClosed || index === undefined || this.#slots.has(pixels) || pixels.length !== this.#pictureBytes)
      return;
    try {
      if (writeSync(this.fd, pixels, 0, pixels.length, index * this.#pictureBytes) !== pixels.length) return;
    } catch {
      return;
    }
    this.#free.shift();
    this.#slots.set(pixels, { index, runs: 0, isUnused: false });
  }

  /**
   * Lends a picture to a run, which has to give it back when it has ended: until then no other picture takes its slot,
   * since an engine may read it at any time, even when the request has left.
   *
   * @returns what to send to the engine: the picture's offset in the file if it is stored, or else the picture itself
   */
  lend(pixels: Uint8Array): EngineImage {
    const slot = this.#slots.get(pixels);
    if (slot === undefined) return pixels;
    slot.runs++;
    return { offset: slot.index * this.#pictureBytes };
  }

  /** Ends what `lend` began. */
  giveBack(pixels: Uint8Array): void {
    const slot = this.#slots.get(pixels);
    if (slot !== undefined && --slot.runs === 0 && slot.isUnused) this.#freeSlot(pixels, slot);
  }

  /** Frees a picture's slot, as soon as no run is in progress that may read it. */
  free(pixels: Uint8Array): void {
    const slot = this.#slots.get(pixels);
    if (slot === undefined) return;
    slot.isUnused = true;
    if (slot.runs === 0) this.#freeSlot(pixels, slot);
  }

  #freeSlot(pixels: Uint8Array, { index }: Slot): void {
    this.#slots.delete(pixels);
    const at = this.#free.findIndex((other) => other > index);
    this.#free.splice(at < 0 ? this.#free.length : at, 0, index);
  }

  /** Closes the file; call it after the last engine was started. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    closeSync(this.fd);
  }
}

/**
 * Copies a picture into an input tensor.
 *
 * @param target exactly one picture long
 * @param fd the picture file @default the one that this process inherited
 * @throws Error if the picture has another length
 */
export function copyPicture(image: EngineImage, target: Uint8Array, fd: number = PICTURES_FD): void {
  const { length } = target;
  if (image instanceof Uint8Array) {
    if (image.length !== length) throw new Error(`a picture has ${image.length} bytes, not ${length}`);
    target.set(image);
    return;
  }
  const bytes = readSync(fd, target, 0, length, image.offset);
  if (bytes !== length) throw new Error(`the picture file ends after ${bytes} of ${length} bytes`);
}
