import { setTimeout as sleep } from 'node:timers/promises';
import { CLOSING_MS } from '../contract.ts';
import { EngineUnavailable } from '../inference/errors.ts';
import type { Logger } from '../observability/logger.ts';
import type { Listeners } from './listeners.ts';
import type { Opened } from './opened.ts';
import type { ServiceHealth } from './service-health.ts';

/** What a shutdown stops. */
export interface ServiceParts {
  readonly logger: Logger;
  readonly health: Pick<ServiceHealth, 'drain'>;
  readonly listeners: Listeners;
  /** Aborted to answer the requests that are still open. */
  readonly closing: AbortController;
  /** The model with its engines, the watchdogs and the traces. */
  readonly opened: Opened;
}

/** How long the last answers have to be sent before their connections are destroyed. */
const FORCE_CLOSE_MS = 300;

/**
 * Stops a service: reports not ready, goes on serving for `drainMs`, then waits for the open requests. Requests that
 * are still open a second (CLOSING_MS) before `timeoutMs` are answered 503, and connections left after that are
 * destroyed. The admin port, with probes and metrics, closes last. What cannot be closed is logged.
 *
 * @param drainMs time for load balancers to notice that the service is not ready
 * @param timeoutMs longest time for all of it
 */
export async function shutDown(
  { logger, health, listeners, closing, opened }: ServiceParts,
  { drainMs, timeoutMs }: { readonly drainMs: number; readonly timeoutMs: number },
): Promise<void> {
  logger.info({ drain_ms: drainMs }, 'stopping');
  const deadline = performance.now() + timeoutMs;
  health.drain();
  await sleep(drainMs);
  const forceCloseTimer = setTimeout(
    () => {
      logger.warn('answering 503 to the requests that are still open');
      closing.abort(new EngineUnavailable('The service is shutting down.'));
      // For connections without a request, and clients that do not read their answer.
      setTimeout(() => {
        listeners.public.destroy();
        listeners.grpc?.destroy();
      }, FORCE_CLOSE_MS).unref();
    },
    Math.max(0, deadline - CLOSING_MS - performance.now()),
  );
  await Promise.all([listeners.public.close(), listeners.grpc?.close()]);
  clearTimeout(forceCloseTimer);
  const closed = opened.close().catch((err: unknown) => {
    logger.error({ err }, 'something could not be closed');
  });
  // An engine that hangs in its driver survives SIGKILL; the service must end without it.
  await within(Math.max(FORCE_CLOSE_MS, deadline - FORCE_CLOSE_MS - performance.now()), closed);
  const adminClosed = listeners.admin.close();
  listeners.admin.destroy();
  await within(Math.max(0, deadline - performance.now()), adminClosed);
  logger.info('stopped');
}

/** Waits until something is done, but not for longer. No timer is left that would keep a process alive. */
async function within(ms: number, done: Promise<void>): Promise<void> {
  const ended = new AbortController();
  const timeout = sleep(ms, undefined, { signal: ended.signal }).catch(() => undefined);
  try {
    await Promise.race([done, timeout]);
  } finally {
    ended.abort();
  }
}
