import { ClientGone, DeadlineExceeded } from '../inference/errors.ts';
import { requestTimeout } from './to-problem.ts';

/**
 * The time limits of a request. Its body has a limit of its own, so that a slow client does not use up the time in which
 * the service has to answer. The client's limit, if it is shorter than the service's, covers both.
 */
export interface Deadline {
  /** Aborts with DeadlineExceeded, HttpProblem `request-timeout`, ClientGone, or the reason of `closing`. */
  readonly signal: AbortSignal;
  /** Aborts the signal. */
  readonly abort: (reason: Error) => void;
  /** Starts the service's time to answer: the body is complete. */
  bodyComplete(): void;
  /** Stops the timers. Call it when the request has been answered. */
  dispose(): void;
}

export interface DeadlineOptions {
  /** Milliseconds for the body, and again for the answer once the body is complete. */
  readonly longestMs: number;
  /**
   * Milliseconds that the client allows for both together. Exceeding them is the client's doing if they are fewer than
   * `longestMs`, or if the body is not complete. @default no limit of its own
   */
  readonly clientMs?: number | undefined;
  /** Aborts when the client disconnects. */
  readonly disconnected: AbortSignal;
  /** Aborts when the service has to answer everything at once. */
  readonly closing: AbortSignal;
}

/** Starts a request's deadline. */
export function startDeadline({ longestMs, clientMs, disconnected, closing }: DeadlineOptions): Deadline {
  const controller = new AbortController();
  let complete = false;
  const abortAfter = (ms: number, reason: () => Error): NodeJS.Timeout =>
    setTimeout(() => {
      controller.abort(reason());
    }, ms);
  const clientTimer =
    clientMs === undefined || clientMs >= 2 * longestMs
      ? undefined
      : abortAfter(clientMs, () => new DeadlineExceeded(complete && clientMs >= longestMs ? 'service' : 'client'));
  let timer = abortAfter(longestMs, () => requestTimeout(`The body did not arrive within ${longestMs} ms.`));
  const onDisconnect = (): void => {
    controller.abort(new ClientGone());
  };
  const onClosing = (): void => {
    controller.abort(closing.reason);
  };
  if (closing.aborted) onClosing();
  else closing.addEventListener('abort', onClosing, { once: true });
  if (disconnected.aborted) onDisconnect();
  else disconnected.addEventListener('abort', onDisconnect, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => {
      controller.abort(reason);
    },
    bodyComplete: () => {
      complete = true;
      clearTimeout(timer);
      timer = abortAfter(longestMs, () => new DeadlineExceeded('service'));
    },
    dispose: () => {
      clearTimeout(clientTimer);
      clearTimeout(timer);
      disconnected.removeEventListener('abort', onDisconnect);
      closing.removeEventListener('abort', onClosing);
    },
  };
}
