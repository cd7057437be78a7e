import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../errors.ts';
import { AttemptFailed } from './attempt.ts';

/** How often and after which waits a request is repeated. */
export interface RetryPolicy {
  /** Attempts in a row that bring nothing, after which it is given up. */
  readonly attempts: number;
  /** The same while nothing has been brought at all: a wrong address or a closed network is told soon. */
  readonly attemptsAtFirst: number;
  /** Upper bound of the first wait; it doubles with each attempt. */
  readonly firstMs: number;
  /** Upper bound of every wait. */
  readonly lastMs: number;
  /** Longest wait that a server may ask for; longer ones are told to the user. */
  readonly longestAskedMs: number;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<unknown>;
  /** Called before each wait with one sentence. */
  readonly onRetry?: (note: string) => void;
}

export const DEFAULT_RETRIES: RetryPolicy = {
  // Their waits add up to two to four minutes: a router starts anew in that time, and a broken link is noticed.
  attempts: 14,
  attemptsAtFirst: 6,
  firstMs: 500,
  lastMs: 30_000,
  longestAskedMs: 300_000,
  wait: (ms, signal) => sleep(ms, undefined, { signal }),
};

/** How far what is tried has come. */
export interface Position {
  /** Grows when an attempt brings something; the count of attempts starts again then. */
  readonly at: () => number;
  /** Whether so much is there already that an outage is worth waiting for. */
  readonly begun: () => boolean;
}

/** What an attempt brings whole or not at all. */
const NOWHERE: Position = { at: () => 0, begun: () => false };

/**
 * Repeats what fails with a temporary {@link AttemptFailed}, each time after a random wait between half of a
 * doubling bound and all of it, so that clients that failed together do not come back together; a server's
 * Retry-After is the least wait.
 *
 * @throws UserError when it is given up, and whatever else `attempt` throws
 */
export async function retrying<T>(
  policy: RetryPolicy,
  signal: AbortSignal,
  attempt: () => Promise<T>,
  position = NOWHERE,
): Promise<T> {
  let failures = 0;
  for (;;) {
    signal.throwIfAborted();
    const before = position.at();
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof AttemptFailed)) throw error;
      failures = position.at() > before ? 1 : failures + 1;
      const most = position.begun() ? policy.attempts : Math.min(policy.attempts, policy.attemptsAtFirst);
      if (!error.again) throw givenUp(error, 1);
      if (failures >= most) throw givenUp(error, failures);
      const ms = waitFor(error, failures, policy);
      const seconds = Math.ceil(ms / 1000);
      policy.onRetry?.(`${error.message}; trying again in ${seconds} s (${failures} of ${most - 1}).`);
      await policy.wait(ms, signal).catch((reason: unknown) => {
        signal.throwIfAborted();
        throw reason;
      });
    }
  }
}

function waitFor(error: AttemptFailed, failures: number, policy: RetryPolicy): number {
  const asked = error.afterMs ?? 0;
  if (asked > policy.longestAskedMs) {
    const minutes = Math.ceil(asked / 60_000);
    throw new UserError(
      error.code,
      `${error.message}, and asks to wait for ${minutes} min: try again then.`,
      {
        cause: error,
      },
    );
  }
  const bound = Math.min(policy.lastMs, policy.firstMs * 2 ** (failures - 1));
  return asked + bound * (0.5 + Math.random() / 2);
}

function givenUp(error: AttemptFailed, times: number): UserError {
  const count = times > 1 ? `, ${times} times in a row` : '';
  const advice = error.advice === undefined ? '' : `: ${error.advice}`;
  return new UserError(error.code, `${error.message}${count}${advice}.`, { cause: error });
}
