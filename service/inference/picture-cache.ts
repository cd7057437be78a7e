import { createHash } from 'node:crypto';
import { abortable } from '../../model/abort.ts';
import { freeMemory } from '../../model/free-memory.ts';
import { forEachChunk } from '../../model/input/chunks.ts';

/** Decodes an encoded image into exact pixels; rejects with the signal's reason when it aborts. */
export type Decode = (bytes: Uint8Array, signal: AbortSignal) => Promise<Uint8Array>;

/** Stores the pixels of decoded pictures, such as where the engine can read them. */
export interface PixelStorage {
  /** Called when a picture has been decoded. */
  put(pixels: Uint8Array): void;
  /** Called when its last user has released it. */
  free(pixels: Uint8Array): void;
}

interface Shared {
  readonly pixels: Promise<Uint8Array>;
  readonly controller: AbortController;
  users: number;
}

/** A decoded picture; its user calls `release` when it has its answer, after which the pixels may be gone. */
export interface Picture {
  readonly pixels: Uint8Array;
  readonly release: () => void;
}

/**
 * Decodes an image once for all concurrent requests that send it, and gives them the same array, by which a batch
 * recognizes that it is one picture. A picture is dropped when its last user releases it.
 */
export class PictureCache {
  readonly #decode: Decode;
  readonly #storage: PixelStorage | undefined;
  readonly #shared = new Map<string, Shared>();

  constructor(decode: Decode, storage?: PixelStorage) {
    this.#decode = decode;
    this.#storage = storage;
  }

  /** Number of pictures in use. */
  get size(): number {
    return this.#shared.size;
  }

  /** A hash of an image file. Rejects with the signal's reason when it aborts. */
  async keyOf(bytes: Uint8Array, signal: AbortSignal): Promise<string> {
    const hash = createHash('sha256');
    // Not webcrypto: it hashes on a thread but copies the image first, which blocks longer than hashing one chunk.
    await forEachChunk(bytes, (part) => {
      signal.throwIfAborted();
      hash.update(part);
    });
    return hash.digest('base64');
  }

  /**
   * @param key the image's, from {@link keyOf}
   * @param bytes an image file
   * @param signal ends the wait with its reason; the decoding itself is aborted once no other request waits for it
   */
  async get(key: string, bytes: Uint8Array, signal: AbortSignal): Promise<Picture> {
    signal.throwIfAborted();
    const shared = this.#shared.get(key) ?? this.#start(key, bytes);
    shared.users++;
    let released = false;
    const release = (): void => {
      if (released) return;
      released = true;
      if (--shared.users > 0) return;
      this.#shared.delete(key);
      shared.controller.abort();
      shared.pixels.then(
        (pixels) => {
          this.#storage?.free(pixels);
          freeMemory(pixels);
        },
        () => undefined,
      );
    };
    try {
      return { pixels: await abortable(shared.pixels, signal), release };
    } catch (error) {
      release();
      throw error;
    }
  }

  #start(key: string, bytes: Uint8Array): Shared {
    const controller = new AbortController();
    const pixels = this.#decode(bytes, controller.signal).then((decoded) => {
      this.#storage?.put(decoded);
      return decoded;
    });
    const shared = { pixels, controller, users: 0 };
    this.#shared.set(key, shared);
    return shared;
  }
}
