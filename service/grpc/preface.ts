import type { Server, Socket } from 'node:net';
import { RequestRecord, UNMATCHED } from '../observability/request-record.ts';
import type { RequestObserver } from '../requests/observer.ts';
import { HttpProblem } from '../requests/problem.ts';
import { requestIdOf } from '../requests/request-id.ts';
import { otherProtocol, rawResponse } from '../requests/unparsed.ts';

/** How each connection of HTTP/2, and so of gRPC, begins (RFC 9113, section 3.4). */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
/** Time for the first bytes, which clients send as soon as they have connected, and to read the answer to wrong ones. */
const PREFACE_MS = 15_000;

const NO_TLS =
  'This port takes gRPC without TLS, but the client speaks TLS: use its plaintext option, or a proxy in front that ends TLS.';
const NO_HTTP1 = 'This port takes gRPC alone, but the client speaks HTTP/1.1, which has a port of its own (PORT).';

/**
 * Serves the connections that begin as those of gRPC do. Clients that speak another protocol get an answer in HTTP/1.1,
 * and are recorded: Node.js would send them frames of HTTP/2, and report nothing.
 */
export class PrefaceCheck {
  readonly #serve: (socket: Socket) => void;
  readonly #observer: RequestObserver | undefined;
  /** Connections on which nothing has arrived, or another protocol. */
  readonly #unserved = new Set<Socket>();

  constructor(server: Server, serve: (socket: Socket) => void, observer: RequestObserver | undefined) {
    this.#serve = serve;
    this.#observer = observer;
    server.on('connection', (socket) => {
      this.#await(socket);
    });
  }

  /** Closes the connections on which gRPC has not begun. */
  closeUnserved(): void {
    for (const socket of this.#unserved) socket.destroy();
  }

  #await(socket: Socket): void {
    const late = setTimeout(() => socket.destroy(), PREFACE_MS).unref();
    const onEnd = (): void => {
      clearTimeout(late);
      this.#unserved.delete(socket);
    };
    this.#unserved.add(socket);
    socket.on('error', ignore);
    socket.once('close', onEnd);
    socket.once('readable', () => {
      const start = socket.read() as Buffer | null;
      // The client has ended the connection.
      if (start === null) return;
      if (PREFACE.subarray(0, start.length).equals(start.subarray(0, PREFACE.length))) {
        onEnd();
        socket.off('close', onEnd);
        socket.off('error', ignore);
        socket.unshift(start);
        this.#serve(socket);
      } else this.#refuse(socket, start);
    });
  }

  #refuse(socket: Socket, start: Buffer): void {
    const problem = new HttpProblem('malformed-request', mistakeOf(start));
    const requestId = requestIdOf();
    socket.resume().end(rawResponse(problem, requestId));
    const record = new RequestRecord('grpc');
    // Many of these clients cannot read the answer.
    record.attributes['detail'] = problem.message;
    this.#observer?.end({ method: undefined, route: UNMATCHED, status: problem.status, requestId, record, problem });
  }
}

function mistakeOf(start: Buffer): string {
  if (/^[A-Z]+ [/*h]/.test(start.toString('latin1'))) return NO_HTTP1;
  return otherProtocol(start, NO_TLS) ?? 'This is not the start of a connection of gRPC.';
}

/** The connection closes, too. */
function ignore(): void {
  // Nothing has been asked, or it has been answered.
}
