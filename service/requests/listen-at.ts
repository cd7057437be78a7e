import { once } from 'node:events';
import type { Server } from 'node:net';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../model/errors.ts';

/** Most connections that wait to be accepted; the kernel lowers it to net.core.somaxconn. Node.js's default is 511. */
const BACKLOG = 4096;
/** All connections count as accepted when none has arrived for the first time, or in any case after the second. */
const QUIET_MS = 50;
const LONGEST_QUIET_MS = 500;

/** Where a server listens. */
export interface Address {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** The setting that the port comes from, for error messages. */
  readonly setting: 'PORT' | 'GRPC_PORT' | 'ADMIN_PORT';
}

/** All addresses, of IPv6 and IPv4. */
const ANY = '::';
/** What listening on it fails with where the kernel has no IPv6, or has it switched off. */
const NO_IPV6 = ['EAFNOSUPPORT', 'EADDRNOTAVAIL'];

/**
 * Listens at an address; at all of IPv4's where `::` is meant and there is no IPv6.
 *
 * @throws UserError `address-unavailable`
 */
export async function listenAt(server: Server, { host, port, setting }: Address): Promise<void> {
  try {
    server.listen({ port, host, backlog: BACKLOG });
    await once(server, 'listening');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    if (host === ANY && NO_IPV6.includes(code)) return listenAt(server, { host: '0.0.0.0', port, setting });
    throw new UserError(
      'address-unavailable',
      `Cannot listen on ${written(host)}:${port} (${code}); choose another HOST or ${setting}.`,
      { cause },
    );
  }
}

/** A host before a port. */
function written(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** The port of a server that listens. */
export function portOf(server: Server, fallback: number): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : fallback;
}

/** Resolves when all connections that the kernel has established are accepted. */
export async function settle(server: Server): Promise<void> {
  const end = performance.now() + LONGEST_QUIET_MS;
  let accepted = 0;
  const count = (): void => {
    accepted++;
  };
  server.on('connection', count);
  let before: number;
  do {
    before = accepted;
    await sleep(QUIET_MS);
    // When the process was busy for longer than that, it has not looked for connections yet.
    await turn();
  } while (accepted > before && performance.now() < end);
  server.off('connection', count);
}
