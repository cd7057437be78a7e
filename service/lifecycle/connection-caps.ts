import { readFileSync } from 'node:fs';

/** Most open connections of each port. */
export interface ConnectionCaps {
  readonly public: number;
  readonly grpc: number;
  readonly admin: number;
}

/** File descriptors kept from clients' ports: for the admin port, engines and files. */
const RESERVED = 256;
/** One connection carries many calls. */
const MAX_GRPC = 1024;

/**
 * Caps connections so that the admin port, and with it the liveness probe, still answers when clients' ports have all
 * the connections they may have.
 *
 * @param limits the text of /proc/self/limits. @default that of this process
 * @returns undefined where the limit of file descriptors is unknown or does not exist
 */
export function connectionCaps(limits = readLimits()): ConnectionCaps | undefined {
  const descriptors = Number(/^Max open files +(\d+)/m.exec(limits)?.[1]);
  if (!Number.isInteger(descriptors)) return undefined;
  const reserved = Math.min(RESERVED, Math.floor(descriptors / 2));
  const grpc = Math.min(MAX_GRPC, Math.floor((descriptors - reserved) / 4));
  return {
    public: Math.max(1, descriptors - reserved - grpc),
    grpc: Math.max(1, grpc),
    admin: Math.max(1, Math.floor(reserved / 4)),
  };
}

/** Empty on systems without it. */
function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return '';
  }
}
