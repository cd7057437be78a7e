import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { getRequestListener, RequestError } from '@hono/node-server';
import { UserError } from '../../model/errors.ts';
import type { App } from './context.ts';
import { HttpProblem } from './problems/problem.ts';
import { toProblem } from './problems/to-problem.ts';
import { DISCARD_LIMITS, discardRest, holdBack } from './body/unread-body.ts';
import type { DiscardLimits } from './body/unread-body.ts';

/** A server that accepts connections. */
export interface Listener {
  readonly port: number;
  /** Accepts no more connections and fulfils when the last request is answered; idle connections are closed. */
  close(): Promise<void>;
  /** Destroys the connections that are still open. */
  destroy(): void;
}

/** Idle time before a kept connection is closed: longer than load balancers keep theirs (60 s is common). */
const KEEP_ALIVE_MS = 75_000;
/** A client may take this long for its headers; for the rest each request has its deadline. */
const HEADERS_MS = 15_000;
const IDLE_SWEEP_MS = 100;

export interface ListenOptions {
  /** The setting that the port is from, for who has to choose another one. */
  readonly setting: 'PORT' | 'ADMIN_PORT';
  /** What is taken of bodies that nobody reads. */
  readonly discardLimits?: DiscardLimits;
}

/**
 * Listens with an application.
 *
 * @param port 0 takes a free one
 * @throws UserError `address-unavailable`
 */
export async function listen(
  app: App,
  host: string,
  port: number,
  { setting, discardLimits = DISCARD_LIMITS }: ListenOptions,
): Promise<Listener> {
  // Its own cleaning up cuts the connection after half a second, and with it the answer.
  const handle = getRequestListener(app.fetch, {
    overrideGlobalObjects: false,
    autoCleanupIncoming: false,
    errorHandler: refuse,
  });
  const serve = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    connections.begin(incoming, outgoing);
    outgoing.once('finish', () => {
      discardRest(incoming, discardLimits);
    });
    void handle(incoming, outgoing);
  };
  const server = createServer(
    {
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: HEADERS_MS,
      requestTimeout: 0,
      // Node would refuse it without a word.
      requireHostHeader: false,
    },
    serve,
  );
  const connections = new Connections(server);
  server.on('checkContinue', (incoming, outgoing) => {
    holdBack(outgoing);
    serve(incoming, outgoing);
  });
  // Any other expectation: what cannot be met may be left alone, and Node would refuse it without a word.
  server.on('checkExpectation', serve);
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new UserError(
      'address-unavailable',
      `Cannot listen on ${host}:${port} (${code}); choose another HOST or ${setting}.`,
      { cause },
    );
  }
  return {
    port: portOf(server, port),
    close: () => close(server, connections),
    destroy: () => {
      server.closeAllConnections();
    },
  };
}

/** The answer to what the application never sees: a request that has no address. */
function refuse(error: unknown): Response {
  const requestId = randomUUID();
  const response = problemOf(error).toResponse(requestId);
  response.headers.set('x-request-id', requestId);
  return response;
}

function problemOf(error: unknown): HttpProblem {
  if (!(error instanceof RequestError)) return toProblem(error);
  const detail =
    'The request must have a header Host that makes an address with its path: http://<Host><path>.';
  return new HttpProblem('invalid-field', detail, { field: 'Host', cause: error });
}

/** Open connections, and how many requests on each are not done with. */
class Connections {
  readonly #requests = new Map<Socket, number>();

  constructor(server: Server) {
    server.on('connection', (socket) => {
      this.#requests.set(socket, 0);
      socket.once('close', () => this.#requests.delete(socket));
    });
  }

  /** A request came. It is done with when its answer has left and its body was taken. */
  begin(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { socket } = incoming;
    this.#count(socket, 1);
    let open = 2;
    const onClose = (): void => {
      if (--open === 0) this.#count(socket, -1);
    };
    incoming.once('close', onClose);
    outgoing.once('close', onClose);
  }

  #count(socket: Socket, change: 1 | -1): void {
    const requests = this.#requests.get(socket);
    if (requests !== undefined) this.#requests.set(socket, requests + change);
  }

  /** Closes those without a request. */
  closeIdle(): void {
    for (const [socket, requests] of this.#requests) if (requests === 0) socket.destroy();
  }
}

async function close(server: Server, connections: Connections): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  // Not Node.js's own idea of idle: it would wait for headers that were begun, or never were, and for how long it
  // likes, since closing ends its watch over them. One that becomes idle later would be open for its keep-alive time.
  connections.closeIdle();
  const sweep = setInterval(() => {
    connections.closeIdle();
  }, IDLE_SWEEP_MS);
  await closed;
  clearInterval(sweep);
}

function portOf(server: Server, fallback: number): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : fallback;
}
