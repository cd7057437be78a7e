import { ClientGone } from '../inference/errors.ts';
import { HttpProblem } from './problem.ts';

const MIB = 1024 * 1024;

/**
 * Hands on a body's chunks as they arrive. What is over the limit is refused from Content-Length before the first
 * chunk, and otherwise as soon as the chunk arrives that passes it.
 *
 * @param limitMb largest body in MiB
 * @param signal ends the reading with its reason
 * @throws HttpProblem `body-too-large`
 */
export async function* readChunks(
  request: Request,
  limitMb: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const announced = Number(request.headers.get('content-length') ?? 0);
  if (announced > limitMb * MIB) throw tooLarge(limitMb);
  if (request.body === null) return;
  const body: ReadableStream<Uint8Array> = request.body;
  const reader = body.getReader();
  const cancel = (): void => {
    void reader.cancel(signal.reason).catch(() => undefined);
  };
  signal.addEventListener('abort', cancel, { once: true });
  let total = 0;
  try {
    for (;;) {
      signal.throwIfAborted();
      const { done, value } = await reader.read().catch((cause: unknown) => {
        signal.throwIfAborted();
        // The connection broke before the signal had heard of it.
        throw Object.assign(new ClientGone(), { cause });
      });
      signal.throwIfAborted();
      if (done) return;
      total += value.byteLength;
      if (total > limitMb * MIB) throw tooLarge(limitMb);
      yield value;
    }
  } finally {
    signal.removeEventListener('abort', cancel);
    reader.releaseLock();
  }
}

/** Reads a whole body; see {@link readChunks}. */
export async function readBytes(request: Request, limitMb: number, signal: AbortSignal): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readChunks(request, limitMb, signal)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function tooLarge(limitMb: number): HttpProblem {
  return new HttpProblem('body-too-large', `The body must not be larger than ${limitMb} MiB.`);
}
