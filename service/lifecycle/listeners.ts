import { createAdminApp } from '../http/admin-app.ts';
import { createApp, type AppDeps } from '../http/app.ts';
import { listen } from '../http/listen.ts';
import { overloadGate } from '../http/overload-gate.ts';
import type { GrpcDeps } from '../grpc/calls.ts';
import type { GrpcListenOptions } from '../grpc/listen.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { Listener } from '../requests/listener.ts';
import type { RequestObserver } from '../requests/observer.ts';
import type { Settings } from '../settings/read.ts';
import { connectionCaps } from './connection-caps.ts';
import type { ServiceHealth } from './service-health.ts';

/** The ports that a service listens on. */
export interface Listeners {
  readonly public: Listener;
  /** Undefined if GRPC_PORT is off. */
  readonly grpc: Listener | undefined;
  readonly admin: Listener;
}

/** What the ports serve. */
interface Served {
  readonly web: AppDeps;
  readonly grpc: GrpcDeps;
  readonly health: ServiceHealth;
  readonly metrics: Metrics;
  /** Called for the requests to the admin port. */
  readonly adminObserver: RequestObserver;
}

/**
 * Listens on all ports, or on none if one is not available.
 *
 * @throws UserError `address-unavailable`
 */
export async function listenAll(settings: Settings, served: Served): Promise<Listeners> {
  const { web, grpc, health, metrics, adminObserver } = served;
  const { HOST: host, PORT, GRPC_PORT, ADMIN_PORT } = settings;
  const caps = connectionCaps(settings);
  const [app, gate] = [createApp(web), await overloadGate(web)];
  const admin = createAdminApp(health, metrics, adminObserver);
  const observed = web.observer === undefined ? {} : { observer: web.observer };
  const opened: Listener[] = [];
  const open = async (listening: Promise<Listener>): Promise<Listener> => {
    const listener = await listening;
    opened.push(listener);
    return listener;
  };
  try {
    return {
      public: await open(listen(app, host, PORT, { setting: 'PORT', gate, ...observed, maxConnections: caps.public })),
      grpc:
        GRPC_PORT === 'off'
          ? undefined
          : await open(openGrpc(grpc, { host, port: GRPC_PORT, maxConnections: caps.grpc })),
      admin: await open(
        listen(admin, host, ADMIN_PORT, {
          setting: 'ADMIN_PORT',
          observer: adminObserver,
          maxConnections: caps.admin,
        }),
      ),
    };
  } catch (error) {
    await Promise.all(opened.map((listener) => listener.close()));
    throw error;
  }
}

/** Loads gRPC only where it is served. */
async function openGrpc(deps: GrpcDeps, options: GrpcListenOptions): Promise<Listener> {
  const { listenGrpc } = await import('../grpc/listen.ts');
  return listenGrpc(deps, options);
}
