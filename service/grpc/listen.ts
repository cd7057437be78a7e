import { once } from 'node:events';
import { createServer } from 'node:net';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { listenAt, portOf, settle } from '../requests/listen-at.ts';
import type { Listener } from '../requests/listener.ts';
import { Calls, type GrpcDeps } from './calls.ts';
import { Connections } from './connections.ts';
import { metadataHandlers } from './handlers.ts';
import { addHealth } from './health.ts';
import { SERVICE } from './protocol.ts';
import { addReflection } from './reflection.ts';
import { handleUnknownMethods } from './unknown-methods.ts';

/** Most calls that a connection may have open; clients queue further ones. */
const MAX_STREAMS = 128;
/** A connection without a call is closed after this time; clients open a new one when they need it. */
const IDLE_MS = 300_000;
/** How often a connection is asked whether it is alive, and the time for it to answer. */
const KEEPALIVE_MS = 60_000;
const KEEPALIVE_TIMEOUT_MS = 20_000;
/** Clients connect again after this time, by then perhaps to a pod that was not there before; open calls have longer. */
const MAX_AGE_MS = 1_800_000;
const MAX_AGE_GRACE_MS = 600_000;

export interface GrpcListenOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Most open connections. @default any number */
  readonly maxConnections?: number;
}

/**
 * Serves the Open Inference Protocol over gRPC, health checking and reflection.
 *
 * @throws UserError `address-unavailable`
 */
export async function listenGrpc(deps: GrpcDeps, options: GrpcListenOptions): Promise<Listener> {
  const server = createServer({ noDelay: true });
  if (options.maxConnections !== undefined) server.maxConnections = options.maxConnections;
  const connections = new Connections(server);
  const calls = new Calls(deps, connections);
  const grpc = new Server({
    interceptors: [calls.interceptor],
    'grpc.max_concurrent_streams': MAX_STREAMS,
    'grpc.max_connection_idle_ms': IDLE_MS,
    'grpc.keepalive_time_ms': KEEPALIVE_MS,
    'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
    'grpc.max_connection_age_ms': MAX_AGE_MS,
    'grpc.max_connection_age_grace_ms': MAX_AGE_GRACE_MS,
    // Checked in Calls, with a sentence of ours.
    'grpc.max_receive_message_length': -1,
    'grpc.enable_channelz': 0,
  });
  handleUnknownMethods(grpc);
  grpc.addService(SERVICE, { ...metadataHandlers(deps), ModelInfer: calls.infer });
  addHealth(grpc, deps.health);
  addReflection(grpc);
  // grpc-js has no limit of connections; a server of our own has one.
  const injector = grpc.createConnectionInjector(ServerCredentials.createInsecure());
  server.on('connection', (socket) => {
    injector.injectConnection(socket);
  });
  await listenAt(server, { ...options, setting: 'GRPC_PORT' });
  return {
    port: portOf(server, options.port),
    close: async () => {
      // The kernel would reset the connections that are not accepted.
      await settle(server);
      const closed = once(server, 'close');
      server.close();
      calls.endOthers();
      // Tells clients to use another connection, and closes each one after its last call.
      grpc.tryShutdown(() => undefined);
      await closed;
    },
    destroy: () => {
      grpc.forceShutdown();
      connections.destroy();
    },
  };
}
