import type { Server, Socket } from 'node:net';
import type { ServerInterceptingCallInterface } from '@grpc/grpc-js';
import { OpenConnections } from '../requests/open-connections.ts';

/** Time for a client to close its side of a connection after the server has ended its own. */
const CLIENT_CLOSE_MS = 1000;

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
      socket.once('finish', () => {
        closeSoon(socket);
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

/** A client that hangs, or whose machine is gone, would keep the connection open, and with it a server that closes. */
function closeSoon(socket: Socket): void {
  const late = setTimeout(() => socket.destroy(), CLIENT_CLOSE_MS).unref();
  socket.once('close', () => {
    clearTimeout(late);
  });
}

function keyOf({ remoteAddress, remotePort }: { remoteAddress?: string | undefined; remotePort?: number | undefined }) {
  return `${remoteAddress} ${remotePort}`;
}
