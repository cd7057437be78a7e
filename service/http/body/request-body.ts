import { abortable } from '../../../model/abort.ts';
import { ClientGone } from '../../inference/errors.ts';
import { HttpProblem } from '../../requests/problem.ts';

const MIB = 1024 * 1024;

/**
 * Refuses a request for what its headers say of its body, before any of it is read.
 *
 * @param maxMib largest body in MiB
 * @throws HttpProblem `body-too-large`, or `unsupported-media-type` for a compressed body
 */
export function checkBodyHeaders(request: Request, maxMib: number): void {
  const encoding = request.headers.get('content-encoding') ?? 'identity';
  if (encoding.trim().toLowerCase() !== 'identity') {
    throw new HttpProblem('unsupported-media-type', 'The body must not be compressed.', {
      field: 'Content-Encoding',
    });
  }
  if (announcedBytes(request) > maxMib * MIB) throw tooLarge(maxMib);
}

export interface RequestBodyOptions {
  /** Largest body in MiB. */
  readonly maxMib: number;
  /** Ends the reading with its reason. */
  readonly signal: AbortSignal;
  /** Called before the first byte is read. */
  readonly onStart: () => void;
  /** Called with the bytes received so far after each chunk. What it throws ends the reading. */
  readonly onBytes: (total: number) => void;
  /** Called when all of it has been received, before anything more is done with it. What it throws ends the reading. */
  readonly onEnd: () => void;
}

/** The body of a request, which can be read once. */
export class RequestBody {
  readonly headers: Headers;
  readonly signal: AbortSignal;
  /** Its length by the header Content-Length; 0 without one. */
  readonly announcedBytes: number;
  readonly #stream: ReadableStream<Uint8Array> | null;
  readonly #options: RequestBodyOptions;

  constructor(request: Request, options: RequestBodyOptions) {
    this.headers = request.headers;
    this.signal = options.signal;
    this.announcedBytes = announcedBytes(request);
    this.#stream = request.body;
    this.#options = options;
  }

  /**
   * The chunks as they arrive.
   *
   * @throws HttpProblem `body-too-large` for the chunk that exceeds the limit, ClientGone, or the signal's reason
   */
  async *chunks(): AsyncGenerator<Uint8Array, void> {
    const { maxMib, signal, onStart, onBytes, onEnd } = this.#options;
    onStart();
    if (this.#stream === null) {
      onEnd();
      return;
    }
    const reader = this.#stream.getReader();
    let total = 0;
    try {
      for (;;) {
        // Not cancelled, which would break the connection and lose the answer: the rest is discarded after it.
        const { done, value } = await abortable(reader.read(), signal).catch((cause: unknown) => {
          signal.throwIfAborted();
          // The connection broke before the signal fired.
          throw Object.assign(new ClientGone(), { cause });
        });
        signal.throwIfAborted();
        if (done) {
          onEnd();
          return;
        }
        total += value.byteLength;
        if (total > maxMib * MIB) throw tooLarge(maxMib);
        onBytes(total);
        yield value;
      }
    } finally {
      reader.releaseLock();
    }
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
