import { setTimeout as sleep } from 'node:timers/promises';
import { RequestFailure } from './request-failure.ts';

/** Attempts in a row without progress. Their delays add up to two minutes: enough for a router to restart. */
const MAX_ATTEMPTS = 10;
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 30_000;

export interface RetryOptions {
  readonly signal: AbortSignal;
  /** Called with one sentence about a retry, or anything else out of the ordinary. */
  readonly onNote: (note: string) => void;
  /** Waits between attempts. @default a timer */
  readonly wait?: (ms: number) => Promise<unknown>;
}

/**
 * Repeats an attempt that fails with a retryable {@link RequestFailure}, with exponential backoff.
 *
 * undici's RetryAgent and p-retry do not fit: they count breaks even if each attempt brought bytes.
 *
 * @param progress bytes received: failures are counted anew when this exceeds its previous maximum
 * @throws what the last attempt threw
 */
export async function retrying<T>(
  attempt: () => Promise<T>,
  { signal, onNote, wait = (ms) => sleep(ms, undefined, { signal }) }: RetryOptions,
  progress = () => 0,
): Promise<T> {
  let most = progress();
  for (let failures = 1; ; failures++) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof RequestFailure) || !error.retryable) throw error;
      if (progress() > most) failures = 1;
      most = Math.max(most, progress());
      if (failures === MAX_ATTEMPTS) throw error;
      const ms = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1));
      onNote(`${error.reason}; retrying in ${Math.ceil(ms / 1000)} s (${failures} of ${MAX_ATTEMPTS - 1}).`);
      await wait(ms);
    }
  }
}
