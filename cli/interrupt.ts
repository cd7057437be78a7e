import { TERMINATION_SIGNALS } from '../model/termination-signals.ts';

/**
 * Runs work whose signal is aborted by the first of the termination signals, so that it can clean up. A second one ends
 * the program at once.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interrupt = new AbortController();
  const onSignal = (): void => {
    release();
    interrupt.abort();
  };
  const release = (): void => {
    for (const signal of TERMINATION_SIGNALS) process.off(signal, onSignal);
  };
  for (const signal of TERMINATION_SIGNALS) process.on(signal, onSignal);
  try {
    return await work(interrupt.signal);
  } finally {
    release();
  }
}
