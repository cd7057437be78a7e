import type { Server } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import type { WatchedHealth } from '../requests/health.ts';
import { SERVICE_NAME } from './protocol.ts';

/** Names of which the health can be asked: the whole server, and its service. */
const NAMES = ['', SERVICE_NAME];

/** Adds gRPC's health checking protocol, which says whether the service is ready. */
export function addHealth(server: Server, health: WatchedHealth): void {
  const status = (): 'SERVING' | 'NOT_SERVING' => (health.ready().ok ? 'SERVING' : 'NOT_SERVING');
  const implementation = new HealthImplementation(Object.fromEntries(NAMES.map((name) => [name, status()])));
  let reported = status();
  health.onChange(() => {
    const current = status();
    // Each call sends it to the clients that watch.
    if (current === reported) return;
    reported = current;
    for (const name of NAMES) implementation.setStatus(name, current);
  });
  implementation.addToServer(server);
}
