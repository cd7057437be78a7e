import { flushCompileCache } from '../../model/compile-cache.ts';
import { onTermination, type TerminationSignal } from '../../model/termination-signals.ts';
import type { Settings } from '../settings/read.ts';
import { flushLog } from '../observability/logger.ts';
import { tuneHeap } from './heap.ts';
import { startService, type RunningService, type StartOptions } from './start-service.ts';

/** How long the last lines of the log have to be read. */
const LOG_FLUSH_MS = 200;
/** The exit codes by which a shell reports the termination signals: 128 plus the signal's number. */
const EXIT_CODES: Readonly<Record<TerminationSignal, number>> = { SIGTERM: 143, SIGINT: 130, SIGHUP: 129 };

/**
 * Runs the service as a program, until a signal stops it or an engine fails for good. The first request to end it
 * drains it, a second one exits at once. Behind one that comes from a terminal is no load balancer that needs time to
 * notice.
 *
 * @param onReady called once, when the first engine is ready
 * @param options for tests
 * @returns the exit code: 0 after a signal, 1 after an engine failed for good
 * @throws UserError if the service cannot start
 */
export async function runService(
  settings: Settings,
  onReady?: (service: RunningService) => void,
  options: StartOptions = {},
): Promise<number> {
  let onFirstSignal: (signal: TerminationSignal) => void = () => undefined;
  const signalled = new Promise<TerminationSignal>((resolve) => {
    onFirstSignal = resolve;
  });
  let forceExit: NodeJS.Timeout | undefined;
  // Before the model loads, so that a pod deleted while it starts does not use up its grace period.
  const stopListening = onTermination((signal) => {
    if (forceExit !== undefined) process.exit(EXIT_CODES[signal]);
    // Whatever hangs, the service ends in time.
    forceExit = setTimeout(() => process.exit(EXIT_CODES[signal]), settings.SHUTDOWN_TIMEOUT_MS).unref();
    onFirstSignal(signal);
  });
  tuneHeap();
  try {
    const starting = startService(settings, options);
    const service = await Promise.race([starting, signalled]);
    if (typeof service === 'string') {
      // The start may take long, for instance with a GPU driver that hangs, and is not awaited.
      void starting.then(
        (late) => late.stop(),
        () => undefined,
      );
      return 0;
    }
    if (onReady) void callWhenReady(service, onReady);
    const outcome = await Promise.race([signalled, service.finished]);
    if (typeof outcome === 'number') return outcome;
    await (outcome === 'SIGTERM' ? service.stop() : service.stop(0));
    return await service.finished;
  } finally {
    await flushLog(LOG_FLUSH_MS);
    clearTimeout(forceExit);
    stopListening();
  }
}

async function callWhenReady(service: RunningService, onReady: (service: RunningService) => void): Promise<void> {
  // If no engine becomes ready, the service ends by itself and says why.
  const ready = service.model.pool.whenReady().then(
    () => true,
    () => false,
  );
  if (!(await ready)) return;
  onReady(service);
  flushCompileCache();
}
