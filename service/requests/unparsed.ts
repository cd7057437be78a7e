import { STATUS_CODES } from 'node:http';
import type { HttpProblem } from './problem.ts';

const NO_PROXY_PROTOCOL =
  'This port does not read the PROXY protocol: switch it off in the load balancer, and use X-Forwarded-For.';

/**
 * What to do about the protocol that a client speaks in place of a port's own.
 *
 * @param start the first bytes of the client
 * @param noTls the port's sentence about TLS
 * @returns undefined if they begin neither TLS nor the PROXY protocol
 */
export function otherProtocol(start: Uint8Array, noTls: string): string | undefined {
  const others: readonly (readonly [start: Buffer, detail: string])[] = [
    [Buffer.from([0x16, 0x03]), noTls],
    [Buffer.from('PROXY '), NO_PROXY_PROTOCOL],
    [Buffer.from('\r\n\r\n\0\r\nQUIT\n'), NO_PROXY_PROTOCOL],
  ];
  return others.find(([bytes]) => bytes.equals(start.subarray(0, bytes.length)))?.[1];
}

/** The whole response of HTTP/1.1, as it is sent, to what no server could parse. */
export function rawResponse(problem: HttpProblem, requestId: string): string {
  const body = problem.body(requestId);
  const lines = Object.entries({
    ...problem.headersFor(''),
    'content-length': Buffer.byteLength(body),
    'x-request-id': requestId,
    date: new Date().toUTCString(),
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`, ...lines, '', body].join('\r\n');
}
