import { HttpProblem } from '../../requests/problem.ts';

/** The media type of a body in lower case, without its parameters; undefined if the client gives none. */
export function mediaTypeOf(headers: Headers): string | undefined {
  return headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase();
}

/** The error of a body whose media type the route does not accept. */
export function unsupportedType(detail: string): HttpProblem {
  return new HttpProblem('unsupported-media-type', detail, { field: 'Content-Type' });
}
