import { quote } from '../../requests/check.ts';
import { HttpProblem } from '../../requests/problem.ts';

/** The media type of a body in lower case, without its parameters; undefined if the client gives none. */
export function mediaTypeOf(headers: Headers): string | undefined {
  return headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase();
}

/**
 * The error of a body whose media type the route does not accept.
 *
 * @param accepted those that it accepts, in words
 */
export function unsupportedType(headers: Headers, accepted: string): HttpProblem {
  const given = mediaTypeOf(headers) ?? '';
  const fault = given === '' ? 'is missing' : `${quote(given)} is not accepted`;
  return new HttpProblem('unsupported-media-type', `The Content-Type ${fault}: it must be ${accepted}.`, {
    field: 'Content-Type',
  });
}
