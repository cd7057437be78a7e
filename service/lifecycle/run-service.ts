import type { Settings } from '../settings/read.ts';
import { startService } from './start-service.ts';
import type { RunningService, StartOptions } from './start-service.ts';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
/** What a shell reports of a program that a signal ended. */
const EXIT_OF = { SIGTERM: 143, SIGINT: 130 } as const;

/**
 * Runs the service as a program: until a signal stops it or its engine fails for good. The first SIGTERM or SIGINT
 * drains, a second one exits at once.
 *
 * @param onReady called once, when the first engine is ready
 * @param options for tests
 * @returns the exit code: 0 after a signal, 1 when the engine failed for good
 * @throws UserError when the service cannot start
 */
export async function runService(
  settings: Settings,
  onReady?: (service: RunningService) => void,
  options: StartOptions = {},
): Promise<number> {
  let told: (signal: 'told') => void = () => undefined;
  const toldToStop = new Promise<'told'>((resolve) => {
    told = resolve;
  });
  let signals = 0;
  const onSignal = (signal: (typeof SIGNALS)[number]): void => {
    if (++signals > 1) process.exit(EXIT_OF[signal]);
    told('told');
  };
  // Before the model loads: a pod that is deleted while it starts must not wait for its grace period.
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    const starting = startService(settings, options);
    const service = await Promise.race([starting, toldToStop]);
    if (service === 'told') {
      // A driver that hangs may keep it from starting for long.
      void starting.then(
        (late) => late.stop(),
        () => undefined,
      );
      return 0;
    }
    if (onReady) void announce(service, onReady);
    const outcome = await Promise.race([toldToStop, service.finished]);
    if (outcome !== 'told') return outcome;
    await service.stop();
    return await service.finished;
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
}

/** An engine that never becomes ready ends the service, which says why. */
async function announce(service: RunningService, onReady: (service: RunningService) => void): Promise<void> {
  const ready = service.model.pool.whenReady().then(
    () => true,
    () => false,
  );
  if (await ready) onReady(service);
}
