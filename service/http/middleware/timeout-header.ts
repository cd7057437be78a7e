import { HttpProblem } from '../../requests/problem.ts';

/** The header with which a client shortens its deadline, in milliseconds. */
export const TIMEOUT_HEADER = 'X-Request-Timeout-Ms';

/**
 * The deadline that a client has set, in milliseconds.
 *
 * @throws HttpProblem `invalid-field` when the header is not a positive whole number
 */
export function requestedMs(request: Request): number | undefined {
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
