import { createHash } from 'node:crypto';
import { abortable } from '../../model/abort.ts';
import { inTurns } from '../../model/input/yielding-chunks.ts';

/** Decodes an encoded image into exact pixels; rejects with the signal's reason when it aborts. */
export type Decode = (bytes: Uint8Array, signal: AbortSignal) => Promise<Uint8Array>;

/** Hears of pictures as they come and go. */
export interface PictureKeeper {
  /** It was decoded. */
  put(pixels: Uint8Array): void;
  /** Nobody uses it any more. */
  free(pixels: Uint8Array): void;
}

interface Shared {
  readonly pixels: Promise<Uint8Array>;
  readonly controller: AbortController;
  users: number;
}

/** A picture that somebody uses; `release` when the answer is there. */
export interface Picture {
  readonly pixels: Uint8Array;
  /** The same for the same bytes of an image file, and for no others. */
  readonly key: string;
  readonly release: () => void;
}

/**
 * Decodes an image once for all the requests that hold it at the same time, and gives them the same array, by which
 * a batch knows that it is one picture. Nothing is kept once its last user has released it.
 */
export class PictureCache {
  readonly #decode: Decode;
  readonly #keeper: PictureKeeper | undefined;
  readonly #shared = new Map<string, Shared>();

  constructor(decode: Decode, keeper?: PictureKeeper) {
    this.#decode = decode;
    this.#keeper = keeper;
  }

  /** Pictures that somebody uses. */
  get size(): number {
    return this.#shared.size;
  }

  /**
   * @param bytes the image as it was sent
   * @param signal leaves the wait; the decoding itself is ended when nobody else wants it
   */
  async get(bytes: Uint8Array, signal: AbortSignal): Promise<Picture> {
    const hash = createHash('sha256');
    // Not webcrypto, which hashes on a thread: it copies the image first, and that takes longer than a turn.
    for await (const part of inTurns(bytes)) {
      signal.throwIfAborted();
      hash.update(part);
    }
    const key = hash.digest('base64');
    const shared = this.#shared.get(key) ?? this.#start(key, bytes);
    shared.users++;
    let released = false;
    const release = (): void => {
      if (released) return;
      released = true;
      if (--shared.users > 0) return;
      if (this.#shared.get(key) === shared) this.#shared.delete(key);
      shared.controller.abort();
      shared.pixels.then(
        (pixels) => this.#keeper?.free(pixels),
        () => undefined,
      );
    };
    try {
      return { pixels: await abortable(shared.pixels, signal), key, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  #start(key: string, bytes: Uint8Array): Shared {
    const controller = new AbortController();
    const pixels = this.#decode(bytes, controller.signal).then((decoded) => {
      this.#keeper?.put(decoded);
      return decoded;
    });
    const shared = { pixels, controller, users: 0 };
    // Each user awaits it too; this one is for the case that all have left.
    shared.pixels.catch(() => undefined);
    this.#shared.set(key, shared);
    return shared;
  }
}
