import { abortable } from '../../../model/abort.ts';
import { ClientGone } from '../../inference/errors.ts';
import { JsonReader } from './json-body.ts';
import { HttpProblem } from '../problems/problem.ts';

const MIB = 1024 * 1024;

/**
 * Refuses a body for what its headers say, before any of it is read.
 *
 * @param limitMb largest body in MiB
 * @throws HttpProblem `body-too-large`, `unsupported-media-type` for a body that is compressed
 */
export function checkAnnounced(request: Request, limitMb: number): void {
  const encoding = request.headers.get('content-encoding') ?? 'identity';
  if (encoding.trim().toLowerCase() !== 'identity') {
    throw new HttpProblem('unsupported-media-type', 'The body must not be compressed.', {
      field: 'Content-Encoding',
    });
  }
  const announced = Number(request.headers.get('content-length') ?? 0);
  if (announced > limitMb * MIB) throw tooLarge(limitMb);
}

/** Who hears how many bytes have come of a request's body. */
const meters = new WeakMap<Request, (bytes: number) => void>();

/** Has somebody told, chunk by chunk, how many bytes have come; what is thrown ends the reading. */
export function meterBody(request: Request, hear: (bytes: number) => void): void {
  meters.set(request, hear);
}

/**
 * Hands on a body's chunks as they arrive. What is over the limit is refused as soon as the chunk arrives that passes
 * it; see also {@link checkAnnounced}.
 *
 * @param limitMb largest body in MiB
 * @param signal ends the reading with its reason
 * @throws HttpProblem `body-too-large`, and what {@link meterBody}'s hearer throws
 */
export async function* readChunks(
  request: Request,
  limitMb: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  if (request.body === null) return;
  const body: ReadableStream<Uint8Array> = request.body;
  const reader = body.getReader();
  let total = 0;
  try {
    for (;;) {
      // Not cancelled, which would break the connection and lose the answer: what is left is discarded after it.
      const { done, value } = await abortable(reader.read(), signal).catch((cause: unknown) => {
        signal.throwIfAborted();
        // The connection broke before the signal had heard of it.
        throw Object.assign(new ClientGone(), { cause });
      });
      signal.throwIfAborted();
      if (done) return;
      total += value.byteLength;
      if (total > limitMb * MIB) throw tooLarge(limitMb);
      meters.get(request)?.(total);
      yield value;
    }
  } finally {
    reader.releaseLock();
  }
}

/**
 * Reads a body in JSON as it arrives; see {@link JsonReader}.
 *
 * @throws HttpProblem `body-too-large`, `malformed-body`
 */
export async function readJson(request: Request, limitMb: number, signal: AbortSignal): Promise<unknown> {
  const json = new JsonReader(announcedBytes(request, limitMb));
  for await (const chunk of readChunks(request, limitMb, signal)) json.push(chunk);
  return json.finish();
}

/** Bytes that a request says its body has, no more than are accepted; 0 where it does not say. */
export function announcedBytes(request: Request, limitMb: number): number {
  const announced = Number(request.headers.get('content-length') ?? 0);
  return announced > 0 ? Math.min(announced, limitMb * MIB) : 0;
}

function tooLarge(limitMb: number): HttpProblem {
  return new HttpProblem('body-too-large', `The body must not be larger than ${limitMb} MiB.`);
}
