import type { Server } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { RequestRecord, UNMATCHED } from '../observability/request-record.ts';
import type { RequestObserver } from '../requests/observer.ts';
import { HttpProblem } from '../requests/problem.ts';
import { requestIdOf } from '../requests/request-id.ts';
import { requestTimeout } from '../requests/to-problem.ts';
import { otherProtocol, rawResponse } from '../requests/unparsed.ts';
import { answerWithoutRest } from './body/unread-body.ts';
import type { Connections } from './connections.ts';
import { noteParserRefusal, noteRule } from './problems/parser-refusals.ts';

/** How long a client may go on sending what cannot be parsed: many read the answer only after that. */
const LINGER_MS = 5000;

/** What Node.js reports of bytes that it cannot parse. */
interface ParserError extends NodeJS.ErrnoException {
  /** What arrived last. */
  readonly rawPacket?: Buffer;
}

const NO_TLS = 'This port is plain HTTP, but the client speaks TLS: use http://, or a proxy in front that ends TLS.';

/**
 * Answers what Node.js cannot parse as a request, so that the application never sees it. Node.js would send no body.
 *
 * @param observer called for each answer
 */
export function answerParserErrors(server: Server, connections: Connections, observer?: RequestObserver): void {
  const answered = new WeakSet<Duplex>();
  server.on('clientError', (error: ParserError, socket) => {
    // What follows the last request of a connection is ignored, and the request answered (RFC 9112, section 9.6).
    if (error.code === 'HPE_CLOSED_CONNECTION') return;
    // The rest of a long request arrives in pieces, none of which can be parsed.
    if (answered.has(socket)) return;
    const current = connections.current(socket);
    // A client that leaves while it sends its body has not been refused: the application records it.
    const hasLeft = current !== undefined && error.code === 'HPE_INVALID_EOF_STATE';
    if (!socket.writable || current?.headersSent === true || hasLeft) {
      socket.destroy(error);
      return;
    }
    if (current !== undefined && answerWithoutRest(current)) {
      answered.add(socket);
      return;
    }
    const problem = problemOf(error);
    const id = current?.req.headers['x-request-id'];
    const requestId = requestIdOf(typeof id === 'string' ? id : undefined);
    socket.end(rawResponse(problem, requestId));
    answered.add(socket);
    if (current !== undefined) {
      noteParserRefusal(current, { problem, requestId });
      // What is being done for the request ends at once, and with it its record.
      socket.destroy(error);
      return;
    }
    destroyLater(socket);
    // Browsers open connections in advance, and may send nothing.
    if (!(socket instanceof Socket) || socket.bytesRead > 0) recordRefusal(observer, problem, requestId);
  });
}

/** Records a request that the application never sees. */
export function recordRefusal(observer: RequestObserver | undefined, problem: HttpProblem, requestId: string): void {
  const record = new RequestRecord();
  noteRule(record, problem);
  observer?.end({ method: undefined, route: UNMATCHED, status: problem.status, requestId, record, problem });
}

function destroyLater(socket: Duplex): void {
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

function problemOf(cause: ParserError): HttpProblem {
  switch (cause.code) {
    case 'HPE_HEADER_OVERFLOW':
      return new HttpProblem('headers-too-large', 'The path and headers must not have more than 16 KiB.', { cause });
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new HttpProblem('body-too-large', 'The extensions of the chunks of the body are too large.', { cause });
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return requestTimeout('The headers did not arrive in time.');
    case 'HPE_PAUSED_H2_UPGRADE': {
      const detail = 'This port speaks HTTP/1.1, but the client speaks HTTP/2; gRPC has a port of its own (GRPC_PORT).';
      return new HttpProblem('malformed-request', detail, { cause });
    }
    default:
      return new HttpProblem('malformed-request', mistakeOf(cause), { cause });
  }
}

/** What is probably wrong. */
function mistakeOf({ code, rawPacket }: ParserError): string {
  const other = code === 'HPE_INVALID_METHOD' ? otherProtocol(rawPacket ?? Buffer.of(), NO_TLS) : undefined;
  return other ?? 'This is not a valid request of HTTP/1.1.';
}
