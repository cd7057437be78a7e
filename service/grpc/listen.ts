import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { listenAt, portOf, settle } from '../requests/listen-at.ts';
import type { Listener } from '../requests/listener.ts';
import type { GrpcDeps } from './calls.ts';
import { Connections } from './connections.ts';
import { PrefaceCheck } from './preface.ts';
import type { GrpcServer } from './server.ts';

/** Time for the first calls of connections that have waited for gRPC: clients ask when they have the server's settings. */
const FIRST_CALL_MS = 500;

export interface GrpcListenOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Most open connections. @default any number */
  readonly maxConnections?: number;
}

/**
 * Serves the Open Inference Protocol over gRPC, health checking and reflection. Many services are only asked over HTTP,
 * and what answers gRPC takes a fifth of a start and 10 MB, so it is loaded for the first connection, which waits.
 *
 * @throws UserError `address-unavailable`
 */
export async function listenGrpc(deps: GrpcDeps, options: GrpcListenOptions): Promise<Listener> {
  // grpc-js has no limit of connections; a server of our own has one.
  const server = createServer({ noDelay: true });
  if (options.maxConnections !== undefined) server.maxConnections = options.maxConnections;
  const connections = new Connections(server);
  let grpc: GrpcServer | undefined;
  let loading: Promise<GrpcServer> | undefined;
  let loadedAt = -Infinity;
  const load = async (): Promise<GrpcServer> => {
    const { makeGrpcServer } = await import('./server.ts');
    grpc = makeGrpcServer(deps, connections);
    loadedAt = performance.now();
    return grpc;
  };
  // A broken installation ends the process, as it would at its start.
  const serveLater = async (socket: Socket): Promise<void> => {
    socket.on('error', ignore);
    const loaded = await (loading ??= load());
    socket.off('error', ignore);
    if (!socket.destroyed) loaded.serve(socket);
  };
  const serve = (socket: Socket): void => {
    if (grpc === undefined) void serveLater(socket);
    else grpc.serve(socket);
  };
  const prefaces = new PrefaceCheck(server, serve, deps.observer);
  await listenAt(server, { ...options, setting: 'GRPC_PORT' });
  return {
    port: portOf(server, options.port),
    close: async () => {
      // The kernel would reset the connections that are not accepted.
      await settle(server);
      const closed = once(server, 'close');
      server.close();
      prefaces.closeUnserved();
      await loading;
      await sleep(Math.max(0, loadedAt + FIRST_CALL_MS - performance.now()));
      grpc?.close();
      await closed;
    },
    destroy: () => {
      grpc?.destroy();
      connections.destroy();
    },
  };
}

/** The connection closes, too. */
function ignore(): void {
  // Nothing has been asked.
}
