import type { ServerHttp2Stream } from 'node:http2';

/** Bytes before each message: whether it is compressed, and its length. */
const PREFIX_BYTES = 5;

/** Reports how much of a call's messages has arrived. */
export class MessageProgress {
  readonly #prefix: number[] = [];
  #received = 0;
  #onBytes: (total: number) => void = () => undefined;

  /**
   * @param onLength called with the length of the first message when it is known, before grpc-js sees any of it
   */
  constructor(stream: ServerHttp2Stream, onLength: (bytes: number) => void) {
    // grpc-js listens, too, and would buffer a message of any size.
    stream.prependListener('data', (chunk: Buffer) => {
      this.#received += chunk.length;
      const wasKnown = this.#prefix.length === PREFIX_BYTES;
      this.#prefix.push(...chunk.subarray(0, PREFIX_BYTES - this.#prefix.length));
      if (!wasKnown && this.#prefix.length === PREFIX_BYTES) onLength(Buffer.from(this.#prefix).readUInt32BE(1));
      this.#onBytes(this.#received);
    });
  }

  /** Whether the first message is compressed; false until it begins. */
  get isCompressed(): boolean {
    return this.#prefix[0] === 1;
  }

  /** Calls `onBytes` with the bytes received so far, whenever there are more. */
  watch(onBytes: (total: number) => void): void {
    this.#onBytes = onBytes;
  }
}
