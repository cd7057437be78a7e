import type { Socket } from 'node:net';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { Calls, type GrpcDeps } from './calls.ts';
import type { Connections } from './connections.ts';
import { metadataHandlers } from './handlers.ts';
import { addHealth } from './health.ts';
import { SERVICE } from './protocol.ts';
import { addReflection } from './reflection.ts';
import { handleUnknownMethods } from './unknown-methods.ts';

/** Most calls that a connection may have open; clients queue further ones. */
const MAX_STREAMS = 128;
/** How often a connection is asked whether it is alive, and the time for it to answer. */
const KEEPALIVE_MS = 60_000;
const KEEPALIVE_TIMEOUT_MS = 20_000;
/**
 * Clients connect again after this time, by then perhaps to a pod that was not there before; open calls have longer.
 * Idle connections are kept until then, too: grpc-js closes them so abruptly that a call on its way is lost.
 */
const MAX_AGE_MS = 1_800_000;
const MAX_AGE_GRACE_MS = 600_000;

/** Answers the calls of connections that somebody else accepts. */
export interface GrpcServer {
  /** Serves a connection. */
  serve(socket: Socket): void;
  /** Tells clients to use another connection, and closes each one after its last call. */
  close(): void;
  /** Ends all calls. */
  destroy(): void;
}

/** Makes a server of the Open Inference Protocol, health checking and reflection. */
export function makeGrpcServer(deps: GrpcDeps, connections: Connections): GrpcServer {
  const calls = new Calls(deps, connections);
  const grpc = new Server({
    interceptors: [calls.interceptor],
    'grpc.max_concurrent_streams': MAX_STREAMS,
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
  const injector = grpc.createConnectionInjector(ServerCredentials.createInsecure());
  return {
    serve: (socket) => {
      injector.injectConnection(socket);
    },
    close: () => {
      calls.endOthers();
      grpc.tryShutdown(() => undefined);
    },
    destroy: () => {
      grpc.forceShutdown();
    },
  };
}
