import { RequestBody } from '../../../../service/http/body/request-body.ts';

export interface BodyOptions {
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
  /** Bytes of a chunk. */
  readonly chunkSize?: number;
}

/** Options of a body that is not watched. */
export const UNWATCHED = {
  maxMib: 64,
  onStart: () => undefined,
  onBytes: () => undefined,
  onEnd: () => undefined,
} as const;

/** The body of a request that arrives in chunks. */
export function bodyOf(
  bytes: Uint8Array,
  { headers = {}, signal = new AbortController().signal, chunkSize = 65_536 }: BodyOptions = {},
): RequestBody {
  let at = 0;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      if (at >= bytes.length) controller.close();
      else controller.enqueue(bytes.subarray(at, (at += chunkSize)));
    },
  });
  // Node.js requires `duplex` for streams; its types lack it.
  const init: RequestInit & { duplex: 'half' } = { method: 'POST', body, headers, duplex: 'half' };
  return new RequestBody(new Request('http://localhost/', init), { ...UNWATCHED, signal });
}
