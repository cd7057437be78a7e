import type { IncomingMessage } from 'node:http';
import { abortable } from '../../../model/abort.ts';

/** Reading from the client pauses while this many bytes wait to be taken. */
const MOST_WAITING_BYTES = 64 * 1024;

/** Reads a body chunk by chunk. */
export interface ChunkReader {
  /**
   * Call it again only when its promise has settled.
   *
   * @returns the next chunk, or undefined at the end
   * @throws the signal's reason, or an error if the connection breaks
   */
  read(): Promise<Uint8Array | undefined>;
  /** Stops reading. What has not arrived yet stays to be read. */
  release(): void;
}

/**
 * Reads a request of Node.js. A stream of the Fetch API costs several times as much for each chunk, and first of all a
 * Request with its headers, copied and checked.
 */
export class IncomingReader implements ChunkReader {
  readonly #incoming: IncomingMessage;
  readonly #signal: AbortSignal;
  readonly #chunks: Uint8Array[] = [];
  #waitingBytes = 0;
  #wake: () => void = () => undefined;

  constructor(incoming: IncomingMessage, signal: AbortSignal) {
    this.#incoming = incoming;
    this.#signal = signal;
    incoming.on('data', this.#onData);
    for (const event of ENDS) incoming.on(event, this.#onChange);
    signal.addEventListener('abort', this.#onChange);
  }

  async read(): Promise<Uint8Array | undefined> {
    const { readableEnded, destroyed } = this.#incoming;
    if (this.#chunks.length === 0 && !readableEnded && !destroyed && !this.#signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#signal.throwIfAborted();
    const chunk = this.#chunks.shift();
    if (chunk === undefined) {
      if (this.#incoming.readableEnded) return undefined;
      throw this.#incoming.errored ?? new Error('the connection was closed before the body was complete');
    }
    this.#waitingBytes -= chunk.byteLength;
    if (this.#waitingBytes === 0 && this.#incoming.isPaused()) this.#incoming.resume();
    return chunk;
  }

  release(): void {
    this.#incoming.off('data', this.#onData);
    for (const event of ENDS) this.#incoming.off(event, this.#onChange);
    this.#signal.removeEventListener('abort', this.#onChange);
  }

  readonly #onData = (chunk: Uint8Array): void => {
    this.#chunks.push(chunk);
    this.#waitingBytes += chunk.byteLength;
    if (this.#waitingBytes >= MOST_WAITING_BYTES) this.#incoming.pause();
    this.#wake();
  };

  readonly #onChange = (): void => {
    this.#wake();
  };
}

/** The events after which a request has no further chunks. */
const ENDS = ['end', 'error', 'close'] as const;

/** Reads a request of the Fetch API, as tests make them. */
export class StreamReader implements ChunkReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  readonly #signal: AbortSignal;

  constructor({ body }: Request, signal: AbortSignal) {
    this.#reader = body?.getReader();
    this.#signal = signal;
  }

  async read(): Promise<Uint8Array | undefined> {
    if (this.#reader === undefined) return undefined;
    const { value } = await abortable(this.#reader.read(), this.#signal);
    this.#signal.throwIfAborted();
    return value;
  }

  release(): void {
    this.#reader?.releaseLock();
  }
}
