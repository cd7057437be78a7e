import { ClientGone, DeadlineExceeded } from '../../inference/errors.ts';
import { HttpProblem } from '../problems/problem.ts';
import { requestTimeout } from '../problems/to-problem.ts';

/** The header with which a client shortens its deadline, in milliseconds. */
export const TIMEOUT_HEADER = 'X-Request-Timeout-Ms';

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

/**
 * Starts a request's deadline.
 *
 * @param request its signal aborts when the client disconnects
 * @param longestMs limit for the body, and again for the answer once the body is complete
 * @param closing aborts when the service has to answer everything at once
 * @throws HttpProblem `invalid-field` when the header is not a positive whole number
 */
export function startDeadline(request: Request, longestMs: number, closing: AbortSignal): Deadline {
  const clientMs = requestedMs(request);
  const controller = new AbortController();
  const abortAfter = (ms: number, reason: () => Error): NodeJS.Timeout =>
    setTimeout(() => {
      controller.abort(reason());
    }, ms);
  const clientTimer =
    clientMs === undefined || clientMs >= longestMs
      ? undefined
      : abortAfter(clientMs, () => new DeadlineExceeded('client'));
  let timer = abortAfter(longestMs, () => requestTimeout(`The body did not arrive within ${longestMs} ms.`));
  const onDisconnect = (): void => {
    controller.abort(new ClientGone());
  };
  const onClosing = (): void => {
    controller.abort(closing.reason);
  };
  if (closing.aborted) onClosing();
  else closing.addEventListener('abort', onClosing, { once: true });
  if (request.signal.aborted) onDisconnect();
  else request.signal.addEventListener('abort', onDisconnect, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => {
      controller.abort(reason);
    },
    bodyComplete: () => {
      clearTimeout(timer);
      timer = abortAfter(longestMs, () => new DeadlineExceeded('service'));
    },
    dispose: () => {
      clearTimeout(clientTimer);
      clearTimeout(timer);
      request.signal.removeEventListener('abort', onDisconnect);
      closing.removeEventListener('abort', onClosing);
    },
  };
}

function requestedMs(request: Request): number | undefined {
  const text = request.headers.get(TIMEOUT_HEADER);
  if (text === null) return undefined;
  if (!/^0*[1-9]\d*$/.test(text)) {
    throw new HttpProblem(
      'invalid-field',
      `The header ${TIMEOUT_HEADER} must be a positive whole number of milliseconds.`,
      { field: TIMEOUT_HEADER },
    );
  }
  return Number(text);
}
