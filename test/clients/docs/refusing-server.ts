import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How a server refuses: the first attempt with the time to wait, or every attempt without. */
export type Refusal = 'first, to be tried again' | 'always, for good';

/** A server in front of a service. */
export interface RefusingServer {
  readonly url: string;
  /** When each attempt has arrived, in milliseconds. */
  readonly attempts: readonly number[];
  close(): void;
}

/** Seconds in `Retry-After` of a refusal. */
export const RETRY_AFTER_SECONDS = 1;

/**
 * Starts a server that refuses attempts and passes the others on to a service: with 429 and `Retry-After`, or with 503
 * and no such header.
 */
export async function refuseFirst(service: string, refusal: Refusal): Promise<RefusingServer> {
  const attempts: number[] = [];
  const server = createServer((incoming, outgoing) => {
    if (incoming.method === 'POST') attempts.push(performance.now());
    const isFirst = refusal === 'first, to be tried again';
    if (incoming.method === 'POST' && (attempts.length === 1 || !isFirst)) {
      incoming.resume().on('end', () => {
        const type = { 'content-type': 'application/problem+json' };
        outgoing.writeHead(
          isFirst ? 429 : 503,
          isFirst ? { ...type, 'retry-after': String(RETRY_AFTER_SECONDS) } : type,
        );
        outgoing.end(JSON.stringify({ detail: 'refused', error: 'refused' }));
      });
      return;
    }
    const { method, headers, url = '' } = incoming;
    const forwarded = request(new URL(url, service), { method, headers }, (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(outgoing);
    });
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, attempts, close };
}
