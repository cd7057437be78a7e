import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { HttpProblem } from '../requests/problem.ts';
import { requestTimeout } from '../requests/to-problem.ts';
import type { Connections } from './connections.ts';

/** How long a client may go on sending what cannot be parsed: many read the answer only after that. */
const LINGER_MS = 5000;

/** Answers what Node.js cannot parse as a request, so that the application never sees it. Node.js would send no body. */
export function answerParserErrors(server: Server, connections: Connections): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const current = connections.current(socket);
    if (!socket.writable || current?.headersSent === true) {
      socket.destroy(error);
      return;
    }
    socket.end(responseTo(problemOf(error)));
    // What is being done for the request ends at once.
    if (current === undefined) destroyLater(socket);
    else socket.destroy(error);
  });
}

function destroyLater(socket: Duplex): void {
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

function problemOf(cause: NodeJS.ErrnoException): HttpProblem {
  switch (cause.code) {
    case 'HPE_HEADER_OVERFLOW':
      return new HttpProblem('headers-too-large', 'The path and headers must not have more than 16 KiB.', { cause });
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new HttpProblem('body-too-large', 'The extensions of the chunks of the body are too large.', { cause });
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return requestTimeout('The headers did not arrive in time.');
    default:
      return new HttpProblem('malformed-request', 'This is not a valid request of HTTP/1.1.', { cause });
  }
}

/** The whole response as it is sent. */
function responseTo(problem: HttpProblem): string {
  const requestId = randomUUID();
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
