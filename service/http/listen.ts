import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { getRequestListener, RequestError } from '@hono/node-server';
import { UserError } from '../../model/errors.ts';
import type { App } from './context.ts';
import { HttpProblem } from './problems/problem.ts';
import { toProblem } from './problems/to-problem.ts';
import { DISCARD_LIMITS, discardRest, deferContinue, type DiscardLimits } from './body/unread-body.ts';

/** A server that accepts connections. */
export interface Listener {
  readonly port: number;
  /** Accepts no more connections, closes idle ones, and resolves when the last request has been answered. */
  close(): Promise<void>;
  /** Destroys the open connections. */
  destroy(): void;
}

/** Idle time after which a connection is closed: longer than load balancers keep theirs (60 s is common). */
const KEEP_ALIVE_MS = 75_000;
/** How long a client may take to send its headers; after them the request's deadline applies. */
const HEADERS_MS = 15_000;
const IDLE_SWEEP_MS = 100;

export interface ListenOptions {
  /** The setting that the port comes from, for error messages. */
  readonly setting: 'PORT' | 'ADMIN_PORT';
  /** How much of refused bodies is read. */
  readonly discardLimits?: DiscardLimits;
}

/**
 * Serves an application.
 *
 * @param port 0 picks a free one
 * @throws UserError `address-unavailable`
 */
export async function listen(
  app: App,
  host: string,
  port: number,
  { setting, discardLimits = DISCARD_LIMITS }: ListenOptions,
): Promise<Listener> {
  // Its own cleanup would destroy the connection after half a second, and the answer with it.
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
      // Refused by `refuse`: Node.js would send no body.
      requireHostHeader: false,
    },
    serve,
  );
  const connections = new Connections(server);
  server.on('checkContinue', (incoming, outgoing) => {
    deferContinue(outgoing);
    serve(incoming, outgoing);
  });
  // Any other expectation may be ignored; Node.js would refuse it with an empty body.
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

/** Answers a request whose URL is invalid, which the application never sees. */
function refuse(error: unknown): Response {
  const requestId = randomUUID();
  const response = problemOf(error).toResponse(requestId);
  response.headers.set('x-request-id', requestId);
  return response;
}

function problemOf(error: unknown): HttpProblem {
  if (!(error instanceof RequestError)) return toProblem(error);
  const detail =
    'The header Host is missing or does not form a valid URL with the path: http://<Host><path>.';
  return new HttpProblem('invalid-field', detail, { field: 'Host', cause: error });
}

/** Open connections, and the number of pending requests on each. */
class Connections {
  readonly #requests = new Map<Socket, number>();

  constructor(server: Server) {
    server.on('connection', (socket) => {
      this.#requests.set(socket, 0);
      socket.once('close', () => this.#requests.delete(socket));
    });
  }

  /** Counts a request until its answer has been sent and its body received. */
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

  /** Closes connections without a pending request. */
  closeIdle(): void {
    for (const [socket, requests] of this.#requests) if (requests === 0) socket.destroy();
  }
}

async function close(server: Server, connections: Connections): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  // Node.js does not count a connection as idle while it waits for headers, and has stopped their timeout by now. One
  // that becomes idle later would stay open for its keep-alive time.
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
