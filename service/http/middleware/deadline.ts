import { ClientGone, DeadlineExceeded } from '../../inference/errors.ts';
import { HttpProblem } from '../problems/problem.ts';

/** The header with which a client shortens its deadline, in milliseconds. */
export const TIMEOUT_HEADER = 'X-Request-Timeout-Ms';

/** The end of a request's time, as a signal. */
export interface Deadline {
  /** Aborts with DeadlineExceeded, ClientGone, or the reason of `closing`. */
  readonly signal: AbortSignal;
  /** Stops the timer; to be called when the request is answered. */
  dispose(): void;
}

/**
 * Starts a request's clock.
 *
 * @param request its signal aborts when the client disconnects
 * @param longestMs the service's own limit, which a client can shorten and never lengthen
 * @param closing aborts when the service cannot wait any longer
 * @throws HttpProblem `invalid-field` when the header is not a positive whole number
 */
export function startDeadline(request: Request, longestMs: number, closing: AbortSignal): Deadline {
  const ms = Math.min(longestMs, requestedMs(request) ?? longestMs);
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(new DeadlineExceeded());
  }, ms);
  const leave = (): void => {
    controller.abort(new ClientGone());
  };
  const close = (): void => {
    controller.abort(closing.reason);
  };
  if (closing.aborted) close();
  else closing.addEventListener('abort', close, { once: true });
  if (request.signal.aborted) leave();
  else request.signal.addEventListener('abort', leave, { once: true });
  return {
    signal: controller.signal,
    dispose: () => {
      clearTimeout(timer);
      request.signal.removeEventListener('abort', leave);
      closing.removeEventListener('abort', close);
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
