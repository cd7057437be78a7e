import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { MIB } from '../../model/bytes.ts';
import { OpenConnections } from '../requests/open-connections.ts';

/** What clients can hold of the service. */
export interface ConnectionLimits {
  /** Milliseconds in which a client has to take an answer. */
  readonly unreadMs: number;
  /** Most bytes of answers that clients have not taken, on all connections together. */
  readonly unreadBytes: number;
  /** Most requests of one connection that wait behind another (pipelining). */
  readonly waitingEach: number;
  /** Most requests that wait behind another of their connection, on all connections together: each takes about 4 kB. */
  readonly waiting: number;
  /** Milliseconds for which the rest of a body is read that was answered already, once the server closes. */
  readonly closingRestMs: number;
}

export const CONNECTION_LIMITS: ConnectionLimits = {
  unreadMs: 60_000,
  unreadBytes: 64 * MIB,
  waitingEach: 16,
  waiting: 1024,
  closingRestMs: 10_000,
};

/** How often the limits of answers are checked. */
const SWEEP_MS = 1000;
/** How often a client that has ended its side of the connection is checked; sooner the first time. */
const PROBE_MS = 250;
const FIRST_PROBE_MS = 20;

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly answer: () => void;
}

interface Connection {
  /** The request that is being answered, and those behind it. */
  readonly exchanges: Exchange[];
  /** Requests whose body is still arriving. */
  arriving: number;
  /** When the current answer was first seen to be under way. */
  sendingSince: number | undefined;
  /** When, while the server closes, nothing but the rest of a refused body was first seen to be left. */
  restSince: number | undefined;
}

/** The open connections of a server. Requests of one connection are answered one after the other. */
export class Connections {
  readonly #open: OpenConnections;
  readonly #connections = new Map<Duplex, Connection>();
  readonly #limits: ConnectionLimits;
  #waiting = 0;

  constructor(server: Server, limits: ConnectionLimits) {
    this.#limits = limits;
    this.#open = new OpenConnections(server);
    server.on('connection', (socket) => {
      this.#add(socket);
    });
    server.once('listening', () => {
      const everyMs = Math.min(SWEEP_MS, limits.unreadMs / 4);
      const sweep = setInterval(() => {
        this.#closeUnread();
      }, everyMs).unref();
      server.once('close', () => {
        clearInterval(sweep);
      });
    });
  }

  /** Has a request answered when those before it on the same connection have been. */
  begin(incoming: IncomingMessage, outgoing: ServerResponse, answer: () => void): void {
    const { socket } = incoming;
    const connection = this.#connections.get(socket);
    // One that is half-closed gets no further answers.
    if (connection === undefined || socket.destroyed || socket.writableEnded) return;
    const { waiting, waitingEach } = this.#limits;
    const isWaiting = connection.exchanges.length > 0;
    if (isWaiting && (connection.exchanges.length > waitingEach || this.#waiting >= waiting)) {
      socket.destroy();
      return;
    }
    const exchange = { incoming, outgoing, answer };
    this.#open.begin(socket);
    connection.arriving++;
    // It ends when both its body and its answer are complete.
    let open = 2;
    const onClose = (): void => {
      if (--open === 0) this.#open.end(socket);
    };
    incoming.once('close', () => {
      connection.arriving--;
      onClose();
    });
    outgoing.once('close', onClose);
    outgoing.once('close', () => {
      this.#next(connection, exchange);
    });
    connection.exchanges.push(exchange);
    if (isWaiting) this.#waiting++;
    else answer();
  }

  /** The response that is being made for a connection's request; undefined if it has none. */
  current(socket: Duplex): ServerResponse | undefined {
    return this.#connections.get(socket)?.exchanges[0]?.outgoing;
  }

  /**
   * Closes connections that have had no request for this long. Those on which nothing but the rest of a refused body is
   * arriving are half-closed, and destroyed soon after: their clients need only read the answer.
   */
  closeIdle(ms: number): void {
    this.#open.closeIdle(ms);
    const now = performance.now();
    for (const [socket, connection] of this.#connections) {
      if (connection.exchanges.length > 0 || connection.arriving === 0) continue;
      connection.restSince ??= now;
      if (!socket.writableEnded) socket.end();
      if (now - connection.restSince > this.#limits.closingRestMs) socket.destroy();
    }
  }

  #add(socket: Socket): void {
    const connection: Connection = { exchanges: [], arriving: 0, sendingSince: undefined, restSince: undefined };
    this.#connections.set(socket, connection);
    stopParsingOnceDestroyed(socket);
    socket.once('end', () => {
      probe(socket, connection);
    });
    socket.once('close', () => {
      this.#connections.delete(socket);
      this.#waiting -= Math.max(0, connection.exchanges.length - 1);
      connection.exchanges.length = 0;
    });
  }

  #next(connection: Connection, done: Exchange): void {
    if (connection.exchanges[0] !== done) return;
    connection.exchanges.shift();
    connection.sendingSince = undefined;
    const next = connection.exchanges.at(0);
    if (next === undefined) return;
    this.#waiting--;
    if (!next.incoming.socket.destroyed) next.answer();
  }

  /** Destroys the connections of clients that do not read their answers. */
  #closeUnread(): void {
    const now = performance.now();
    const sending: { socket: Duplex; since: number }[] = [];
    for (const [socket, connection] of this.#connections) {
      const outgoing = connection.exchanges[0]?.outgoing;
      if (outgoing === undefined || !outgoing.headersSent || outgoing.writableFinished) continue;
      connection.sendingSince ??= now;
      sending.push({ socket, since: connection.sendingSince });
    }
    sending.sort((a, b) => a.since - b.since);
    let bytes = sending.reduce((sum, { socket }) => sum + socket.writableLength, 0);
    for (const { socket, since } of sending) {
      if (bytes <= this.#limits.unreadBytes && now - since <= this.#limits.unreadMs) return;
      bytes -= socket.writableLength;
      socket.destroy();
    }
  }
}

/** Makes llhttp fail: it knows 0, 1 and 2 as results of the callback. */
const STOP_PARSING = -1;

type OnIncoming = (...args: readonly unknown[]) => number;

/**
 * Stops the parser of a socket once the socket is destroyed. Node.js would go on to parse the rest of what it has read:
 * up to 64 KiB, which is 2,500 requests, for each of up to 1,024 sockets before the first of them is freed.
 *
 * Node.js does not document the parser. Where it lacks this callback, the rest is parsed, and dropped by `begin`.
 */
function stopParsingOnceDestroyed(socket: Socket): void {
  const { parser } = socket as { parser?: { onIncoming?: OnIncoming } };
  const onIncoming = parser?.onIncoming;
  if (parser === undefined || onIncoming === undefined) return;
  parser.onIncoming = (...args) => {
    const result = onIncoming(...args);
    return socket.destroyed ? STOP_PARSING : result;
  };
}

/**
 * A client that has ended its side of the connection waits for its answer, or has gone. The kernel knows the difference
 * only when something is sent: it then learns that the client has closed its socket, and refuses what is sent next.
 */
function probe(socket: Socket, connection: Connection, delayMs = FIRST_PROBE_MS): void {
  const [current] = connection.exchanges;
  if (socket.destroyed || current === undefined || current.outgoing.headersSent) return;
  const isHttp11 = current.incoming.httpVersion === '1.1';
  if (isHttp11) {
    current.outgoing.writeContinue();
  } else if (delayMs > FIRST_PROBE_MS && current.incoming.method === 'POST') {
    // HTTP/1.0 has nothing to send before an answer. Proxies that use it disconnect when their own client has gone.
    socket.destroy();
    return;
  }
  setTimeout(probe, isHttp11 ? delayMs : PROBE_MS, socket, connection, PROBE_MS).unref();
}
