import type { Server, Socket } from 'node:net';
import type { ServerInterceptingCallInterface } from '@grpc/grpc-js';

/** A connection gives way to a new one only when it has been idle for longer. */
const MIN_IDLE_MS = 1000;

interface Connection {
  readonly socket: Socket;
  /** Open inferences. */
  inferences: number;
  idleSince: number;
}

/** The open connections of a server. When there are too many, the one that has been without an inference longest goes. */
export class Connections {
  /** By the client's address and port. Those that were idle first come first. */
  readonly #connections = new Map<string, Connection>();

  constructor(server: Server) {
    server.on('connection', (socket) => {
      const key = keyOf(socket);
      this.#connections.set(key, { socket, inferences: 0, idleSince: performance.now() });
      socket.once('close', () => {
        this.#connections.delete(key);
      });
    });
    // Refused at maxConnections: the next attempt shall succeed.
    server.on('drop', () => {
      this.#closeLongestIdle();
    });
  }

  /** An inference begins. */
  begin(call: ServerInterceptingCallInterface): void {
    const connection = this.#connections.get(keyOf(call.getConnectionInfo()));
    if (connection !== undefined) connection.inferences++;
  }

  /** An inference has ended. */
  end(call: ServerInterceptingCallInterface): void {
    const key = keyOf(call.getConnectionInfo());
    const connection = this.#connections.get(key);
    if (connection === undefined || --connection.inferences > 0) return;
    connection.idleSince = performance.now();
    this.#connections.delete(key);
    this.#connections.set(key, connection);
  }

  destroy(): void {
    for (const { socket } of this.#connections.values()) socket.destroy();
  }

  #closeLongestIdle(): void {
    for (const { socket, inferences, idleSince } of this.#connections.values()) {
      if (inferences > 0 || socket.destroyed) continue;
      if (performance.now() - idleSince >= MIN_IDLE_MS) socket.destroy();
      return;
    }
  }
}

function keyOf({ remoteAddress, remotePort }: { remoteAddress?: string | undefined; remotePort?: number | undefined }) {
  return `${remoteAddress} ${remotePort}`;
}
