import type { Server, Socket } from 'node:net';

/** A connection gives way to a new one only when it has been idle for longer. */
const MIN_IDLE_MS = 1000;

interface Activity {
  /** Requests in progress. */
  pending: number;
  idleSince: number;
}

/**
 * The open connections of a server, and how long each has been idle. When one takes the last place, or is refused because
 * there is none, the one that has been idle longest is closed, so that there is a place for the next.
 */
export class OpenConnections {
  /** Among those that are idle, the one that has been idle longest comes first. */
  readonly #connections = new Map<Socket, Activity>();

  constructor(server: Server) {
    server.on('connection', (socket) => {
      this.#connections.set(socket, { pending: 0, idleSince: performance.now() });
      socket.once('close', () => {
        this.#connections.delete(socket);
      });
      if (this.#connections.size >= server.maxConnections) this.#closeLongestIdle();
    });
    // Refused at maxConnections.
    server.on('drop', () => {
      this.#closeLongestIdle();
    });
  }

  /** A request of a connection begins. */
  begin(socket: Socket): void {
    const activity = this.#connections.get(socket);
    if (activity !== undefined) activity.pending++;
  }

  /** A request of a connection has ended. */
  end(socket: Socket): void {
    const activity = this.#connections.get(socket);
    if (activity === undefined || --activity.pending > 0) return;
    activity.idleSince = performance.now();
    this.#connections.delete(socket);
    this.#connections.set(socket, activity);
  }

  /** Closes connections that have been idle for at least this long. */
  closeIdle(ms: number): void {
    const now = performance.now();
    for (const [socket, { pending, idleSince }] of this.#connections) {
      if (pending === 0 && now - idleSince >= ms) socket.destroy();
    }
  }

  /** Closes all connections. */
  destroy(): void {
    for (const socket of this.#connections.keys()) socket.destroy();
  }

  #closeLongestIdle(): void {
    for (const [socket, { pending, idleSince }] of this.#connections) {
      if (pending > 0 || socket.destroyed) continue;
      if (performance.now() - idleSince >= MIN_IDLE_MS) socket.destroy();
      return;
    }
  }
}
