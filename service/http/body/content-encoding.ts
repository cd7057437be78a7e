import { pipeline, Readable } from 'node:stream';
import { createGunzip, createInflate, type Gunzip, type Inflate } from 'node:zlib';
import { HttpProblem } from '../../requests/problem.ts';

/** The encodings of bodies (RFC 9110, section 8.4.1). `deflate` is the zlib format, as clients of Triton send it. */
const DECODERS: Readonly<Record<string, () => Gunzip | Inflate>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
};

/** Value of the header Accept-Encoding with which an unknown encoding is refused. */
const ACCEPTED = 'gzip, deflate';

/**
 * The encoding of a body; undefined if it is not compressed.
 *
 * @throws HttpProblem `unsupported-media-type` for an unknown encoding, and for several
 */
export function contentEncoding(headers: Headers): string | undefined {
  const encoding = (headers.get('content-encoding') ?? '').trim().toLowerCase();
  if (encoding === '' || encoding === 'identity') return undefined;
  if (Object.hasOwn(DECODERS, encoding)) return encoding;
  throw new HttpProblem('unsupported-media-type', 'The body must be uncompressed, or compressed by gzip or deflate.', {
    field: 'Content-Encoding',
    headers: { 'accept-encoding': ACCEPTED },
  });
}

/**
 * Decompresses a body as it arrives, at most 16 KiB at a time: what has arrived is read only as fast as the result is.
 *
 * @param encoding by {@link contentEncoding}
 * @throws HttpProblem `malformed-body`, and what `chunks` throws
 */
export async function* decompress(
  chunks: AsyncIterable<Uint8Array>,
  encoding: string,
): AsyncGenerator<Uint8Array, void> {
  const decoder = DECODERS[encoding]?.() ?? createGunzip();
  let received = 0;
  async function* count(): AsyncGenerator<Uint8Array, void> {
    for await (const chunk of chunks) {
      received += chunk.byteLength;
      yield chunk;
    }
  }
  // The errors of both arrive at the decoder.
  pipeline(Readable.from(count(), { highWaterMark: 1 }), decoder, () => undefined);
  try {
    for await (const chunk of decoder as AsyncIterable<Buffer>) yield chunk;
  } catch (error) {
    throw isZlibError(error) ? malformed(encoding, error) : error;
  }
  // A decoder ignores what follows the compressed data.
  if (decoder.bytesWritten < received) throw malformed(encoding);
}

function isZlibError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
}

function malformed(encoding: string, cause?: unknown): HttpProblem {
  const format = encoding === 'deflate' ? 'in the zlib format, as its Content-Encoding deflate says' : 'in gzip';
  return new HttpProblem('malformed-body', `The body is truncated or not ${format}.`, { cause });
}
