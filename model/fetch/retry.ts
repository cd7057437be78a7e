import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../errors.ts';
import { RequestFailure } from './failures.ts';

/** Attempts in a row without progress. Their delays add up to 2 to 4 minutes: enough for a router to restart. */
const MAX_ATTEMPTS = 14;
/** The same before anything has been received, so that a wrong address is reported soon. */
const MAX_FIRST_ATTEMPTS = 6;
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 30_000;
/** The longest Retry-After that is waited for; a longer one is reported to the user. */
const MAX_RETRY_AFTER_MS = 300_000;

export interface RetryOptions {
  readonly signal: AbortSignal;
  /** Called with one sentence before each delay. */
  readonly onNote: (note: string) => void;
  /** Waits between attempts. Default: a timer. */
  readonly wait?: ((ms: number, signal: AbortSignal) => Promise<unknown>) | undefined;
}

/**
 * Repeats an attempt that fails with a retryable {@link RequestFailure}, with exponential backoff. The delay is random
 * between half and all of its bound, so that clients that failed together do not return together; the server's
 * Retry-After is added to it.
 *
 * undici's RetryAgent and p-retry do not fit: they count breaks even if each attempt brought bytes. RetryAgent also
 * does not retry stalls, cuts Retry-After short, and cannot resume for another process.
 *
 * @param progress bytes received: failures are counted anew when this exceeds its previous maximum
 * @throws UserError when it gives up; anything else that `attempt` throws
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
      const limit = most > 0 ? MAX_ATTEMPTS : MAX_FIRST_ATTEMPTS;
      const ms = delayAfter(error, failures, limit);
      onNote(`${error.reason}; retrying in ${Math.ceil(ms / 1000)} s (${failures} of ${limit - 1}).`);
      await wait(ms, signal);
    }
  }
}

/** @throws UserError if there must be no other attempt */
function delayAfter(error: RequestFailure, failures: number, limit: number): number {
  const { code, reason, advice, retryAfterMs } = error;
  if (failures >= limit) {
    throw new UserError(code, `${reason}, ${failures} times in a row: ${advice}.`, { cause: error });
  }
  if (retryAfterMs > MAX_RETRY_AFTER_MS) {
    const minutes = Math.ceil(retryAfterMs / 60_000);
    throw new UserError(code, `${reason} and asks to wait ${minutes} min: try again then.`, { cause: error });
  }
  const bound = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1));
  return retryAfterMs + bound * (0.5 + Math.random() / 2);
}
