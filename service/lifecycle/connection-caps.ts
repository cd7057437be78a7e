import { UserError } from '../../model/errors.ts';
import { readIfThere } from '../../model/read-if-there.ts';
import type { Settings } from '../settings/read.ts';

/** Most open connections of each port. */
export interface ConnectionCaps {
  readonly public: number;
  readonly grpc: number;
  readonly admin: number;
}

/** File descriptors kept from clients' ports: for the admin port, engines and files. */
const RESERVED = 256;
/**
 * File descriptors that the process needs for itself, its engines and a few clients. With sources that tsx translates it
 * holds 80, and more while it loads a module for the first request that needs it: without them, it would end.
 */
const LEAST_DESCRIPTORS = 256;
/** Where the limit of open files is set. */
const HOW_TO_RAISE = 'ulimit -n, LimitNOFILE of systemd, or --ulimit nofile of the container';
/** One connection carries many calls. */
const MAX_GRPC = 1024;
/** These take 100 MB when all are idle: many containers may open a million files, which would take all memory. */
const MAX_PUBLIC = 8192;

/** Most bodies that may be arriving. Far more than can be queued: most of the slow ones never will be. */
export function maxUploads(maxQueue: number): number {
  return Math.max(256, 4 * maxQueue);
}

/** Connections of PORT that requests may be on: those in the queue, and those whose body is arriving. */
function connectionsInUse({ MAX_QUEUE }: Pick<Settings, 'MAX_QUEUE'>): number {
  return MAX_QUEUE + maxUploads(MAX_QUEUE);
}

/**
 * Caps connections so that the admin port, and with it the liveness probe, still answers when clients' ports have all
 * the connections they may have, and so that these take a bounded memory.
 *
 * @param limits the text of /proc/self/limits. @default that of this process
 */
export function connectionCaps(settings: Pick<Settings, 'MAX_QUEUE'>, limits = readLimits()): ConnectionCaps {
  const descriptors = maxDescriptors(limits);
  const reserved = Math.min(RESERVED, Math.floor(descriptors / 2));
  const grpc = Math.min(MAX_GRPC, Math.floor((descriptors - reserved) / 4));
  return {
    public: Math.max(1, Math.min(descriptors - reserved - grpc, Math.max(MAX_PUBLIC, connectionsInUse(settings)))),
    grpc: Math.max(1, grpc),
    admin: Math.max(1, Math.floor(reserved / 4)),
  };
}

/**
 * Compares the limit of file descriptors with the connections that the service is meant to hold.
 *
 * @param limits as for {@link connectionCaps}
 * @returns a sentence for the log if it is too low; the service works, but refuses connections earlier
 */
export function descriptorWarning(settings: Pick<Settings, 'MAX_QUEUE'>, limits = readLimits()): string | undefined {
  const descriptors = maxDescriptors(limits);
  const caps = connectionCaps(settings, limits);
  const needed = RESERVED + MAX_GRPC + connectionsInUse(settings);
  if (descriptors >= needed) return undefined;
  return `The process may open only ${descriptors} files, so it holds at most ${caps.public} connections on PORT, ${caps.grpc} on GRPC_PORT and ${caps.admin} on ADMIN_PORT; with MAX_QUEUE ${settings.MAX_QUEUE}, allow it at least ${needed} files: ${HOW_TO_RAISE}.`;
}

/**
 * Refuses a limit of file descriptors under which the service could not work.
 *
 * @param limits as for {@link connectionCaps}
 * @throws UserError `machine-unsuitable`
 */
export function checkDescriptors(limits = readLimits()): void {
  const descriptors = maxDescriptors(limits);
  if (descriptors >= LEAST_DESCRIPTORS) return;
  throw new UserError(
    'machine-unsuitable',
    `The process may open only ${descriptors} files, too few to serve; allow it at least ${LEAST_DESCRIPTORS}: ${HOW_TO_RAISE}.`,
  );
}

/** Infinite where the limit is unknown or does not exist. */
function maxDescriptors(limits: string): number {
  return Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Infinity);
}

/** Empty on systems without it. */
function readLimits(): string {
  return readIfThere('/proc/self/limits') ?? '';
}
