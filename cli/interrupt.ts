import { onTermination } from '../model/termination-signals.ts';

/**
 * Runs work whose signal is aborted by the first request to end the program, so that it can clean up. A second one ends
 * the program at once.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interrupt = new AbortController();
  const stopListening = onTermination((signal) => {
    if (interrupt.signal.aborted) {
      stopListening();
      process.kill(process.pid, signal);
    }
    interrupt.abort();
  });
  try {
    return await work(interrupt.signal);
  } finally {
    stopListening();
  }
}
