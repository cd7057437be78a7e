import { ClientGone, DeadlineExceeded } from '../../inference/errors.ts';
import { HttpProblem } from '../problems/problem.ts';

/** The header with which a client shortens its deadline, in milliseconds. */
export const TIMEOUT_HEADER = 'X-Request-Timeout-Ms';

/** A request's deadline. */
export interface Deadline {
  /** Aborts with DeadlineExceeded, ClientGone, or the reason of `closing`. */
  readonly signal: AbortSignal;
  /** Stops the timer. Call it when the request has been answered. */
  dispose(): void;
}

/**
 * Starts a request's deadline.
 *
 * @param request its signal aborts when the client disconnects
 * @param longestMs the service's limit, which a client can shorten but not extend
 * @param closing aborts when the service has to answer everything at once
 * @throws HttpProblem `invalid-field` when the header is not a positive whole number
 */
export function startDeadline(request: Request, longestMs: number, closing: AbortSignal): Deadline {
  const ms = Math.min(longestMs, requestedMs(request) ?? longestMs);
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(new DeadlineExceeded());
  }, ms);
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
    dispose: () => {
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
