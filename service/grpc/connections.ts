import type { Server, Socket } from 'node:net';
import type { ServerInterceptingCallInterface } from '@grpc/grpc-js';
import { OpenConnections } from '../requests/open-connections.ts';

/** The open connections of a server. One without an inference is idle, whatever other calls it has. */
export class Connections {
  readonly #open: OpenConnections;
  /** By the client's address and port: grpc-js does not hand out the socket of a call. */
  readonly #sockets = new Map<string, Socket>();

  constructor(server: Server) {
    this.#open = new OpenConnections(server);
    server.on('connection', (socket) => {
      const key = keyOf(socket);
      this.#sockets.set(key, socket);
      socket.once('close', () => {
        this.#sockets.delete(key);
      });
    });
  }

  /** An inference begins. */
  begin(call: ServerInterceptingCallInterface): void {
    const socket = this.#socketOf(call);
    if (socket !== undefined) this.#open.begin(socket);
  }

  /** An inference has ended. */
  end(call: ServerInterceptingCallInterface): void {
    const socket = this.#socketOf(call);
    if (socket !== undefined) this.#open.end(socket);
  }

  destroy(): void {
    this.#open.destroy();
  }

  #socketOf(call: ServerInterceptingCallInterface): Socket | undefined {
    return this.#sockets.get(keyOf(call.getConnectionInfo()));
  }
}

function keyOf({ remoteAddress, remotePort }: { remoteAddress?: string | undefined; remotePort?: number | undefined }) {
  return `${remoteAddress} ${remotePort}`;
}
