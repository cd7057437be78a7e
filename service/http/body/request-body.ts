import type { IncomingMessage } from 'node:http';
import { MIB } from '../../../model/bytes.ts';
import { freeMemory } from '../../../model/free-memory.ts';
import { ClientGone } from '../../inference/errors.ts';
import { IncomingReader, StreamReader, type ChunkReader } from './chunk-reader.ts';
import { contentEncoding, decompress } from './content-encoding.ts';
import { HttpProblem } from '../../requests/problem.ts';

/**
 * Refuses a request for what its headers say about its body, before any of it is read.
 *
 * @param maxMib largest body in MiB
 * @throws HttpProblem `body-too-large`, or `unsupported-media-type` for an unknown Content-Encoding
 */
export function checkBodyHeaders(request: Request, maxMib: number): void {
  contentEncoding(request.headers);
  if (announcedBytes(request) > maxMib * MIB) throw tooLarge(maxMib);
}

export interface RequestBodyOptions {
  /** Largest body in MiB. */
  readonly maxMib: number;
  /** Ends the reading with its reason. */
  readonly signal: AbortSignal;
  /** The same request as Node.js gives it. @default the body of the Request is read */
  readonly incoming?: IncomingMessage | undefined;
  /** Called before the first byte is read. */
  readonly onStart: () => void;
  /**
   * Called after each chunk with the bytes received so far, and the bytes that they are decompressed. What it throws ends
   * the reading.
   */
  readonly onBytes: (received: number, content: number) => void;
  /** Called when all of it has been received, before anything more is done with it. What it throws ends the reading. */
  readonly onEnd: () => void;
}

/** The body of a request, which can be read once. A compressed one is decompressed. */
export class RequestBody {
  readonly headers: Headers;
  readonly signal: AbortSignal;
  /** Length of the content by the header Content-Length; 0 without one, and for a compressed body. */
  readonly announcedBytes: number;
  readonly #request: Request;
  readonly #options: RequestBodyOptions;
  readonly #encoding: string | undefined;
  /** Whether Node.js made each chunk for this body alone, and nothing else reads it, as a decoder does. */
  readonly #ownsChunks: boolean;
  #received = 0;

  constructor(request: Request, options: RequestBodyOptions) {
    this.headers = request.headers;
    this.signal = options.signal;
    this.#encoding = contentEncoding(request.headers);
    this.announcedBytes = this.#encoding === undefined ? announcedBytes(request) : 0;
    this.#ownsChunks = options.incoming !== undefined && this.#encoding === undefined;
    this.#request = request;
    this.#options = options;
  }

  /**
   * The chunks of the content as they arrive. Each is valid until the next one is asked for.
   *
   * @throws HttpProblem `body-too-large` for the chunk that exceeds the limit, compressed or not, `malformed-body` if it
   *   cannot be decompressed, ClientGone, or the signal's reason
   */
  async *chunks(): AsyncGenerator<Uint8Array, void> {
    const { onStart, onBytes, onEnd } = this.#options;
    onStart();
    let content = 0;
    const received = this.#receive();
    for await (const chunk of this.#encoding === undefined ? received : decompress(received, this.#encoding)) {
      content += chunk.byteLength;
      this.#checkSize(content);
      onBytes(this.#received, content);
      yield chunk;
      if (this.#ownsChunks) freeMemory(chunk);
    }
    onEnd();
  }

  /** The chunks as they are sent. */
  async *#receive(): AsyncGenerator<Uint8Array, void> {
    const { signal } = this;
    const { incoming } = this.#options;
    // Abandoned at an error, not cancelled, which would break the connection and lose the answer: the rest is discarded
    // after it.
    const reader: ChunkReader =
      incoming === undefined ? new StreamReader(this.#request, signal) : new IncomingReader(incoming, signal);
    try {
      for (;;) {
        const chunk = await reader.read().catch((cause: unknown) => {
          signal.throwIfAborted();
          // The connection broke before the signal fired.
          throw Object.assign(new ClientGone(), { cause });
        });
        if (chunk === undefined) return;
        this.#received += chunk.byteLength;
        this.#checkSize(this.#received);
        yield chunk;
      }
    } finally {
      reader.release();
    }
  }

  #checkSize(bytes: number): void {
    const { maxMib } = this.#options;
    if (bytes > maxMib * MIB) throw tooLarge(maxMib);
  }
}

/** The length of a body by the header Content-Length; 0 without one. */
export function announcedBytes(request: Request): number {
  const announced = Number(request.headers.get('content-length') ?? 0);
  return announced > 0 ? announced : 0;
}

function tooLarge(maxMib: number): HttpProblem {
  return new HttpProblem('body-too-large', `The body must not be larger than ${maxMib} MiB.`);
}
