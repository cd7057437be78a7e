import { Refusal } from '../inference/errors.ts';
import { z } from '@hono/zod-openapi';
import { echo } from '../../model/echo.ts';
import { IMAGE_FORMATS } from '../../model/image-format.ts';
import { OPEN_INFERENCE_PREFIX } from '../contract.ts';

/** The content type of errors. */
export const PROBLEM_TYPE = 'application/problem+json';
/** The content type of errors in the Open Inference Protocol. */
export const JSON_TYPE = 'application/json';

/** The project's home. */
export const PROJECT = 'https://github.com/ofa-ve/ofa-ve';

/** The page that describes every problem. A problem's `type` is this address with its name as the fragment. */
export const PROBLEM_BASE = `${PROJECT}/blob/main/docs/reference/errors.md`;

interface ProblemType {
  readonly status: number;
  readonly title: string;
  /** What causes the problem and what to do about it: one or two sentences for the reference page. */
  readonly description: string;
}

/** Whether a path is one of the Open Inference Protocol. */
export function isOpenInference(path: string): boolean {
  return path === OPEN_INFERENCE_PREFIX || path.startsWith(`${OPEN_INFERENCE_PREFIX}/`);
}

/** Every error that the service answers, by name. The reference page is generated from this table. */
export const PROBLEMS = {
  'malformed-request': {
    status: 400,
    title: 'Malformed request',
    description:
      'The request is not valid HTTP/1.1, or ends before its body is complete. The connection is closed. `detail`, in the log too, names TLS, HTTP/2 and the PROXY protocol where a client speaks these, and HTTP/1.1 where it does at the port of gRPC; else look for an error in the client or in a proxy.',
  },
  'malformed-body': {
    status: 400,
    title: 'Malformed request body',
    description:
      'The body is not valid JSON in UTF-8, not a complete multipart form, or not what its Content-Type or headers announce. Fix the encoding of the body.',
  },
  'missing-field': {
    status: 400,
    title: 'Missing field',
    description: 'A required field or input is absent; `field` names it. Add it to the request.',
  },
  'invalid-field': {
    status: 400,
    title: 'Invalid field',
    description:
      'A field, input or header has an unknown name or an unacceptable value; `field` names it and `detail` says what is accepted. Correct it.',
  },
  unauthorized: {
    status: 401,
    title: 'API key required',
    description:
      'The service requires an API key and the request has none. Send it as `Authorization: Bearer KEY` or `X-API-Key: KEY`.',
  },
  forbidden: {
    status: 403,
    title: 'API key not accepted',
    description:
      'The API key is not in the file named by the setting API_KEYS_FILE. Use a valid key, or add the SHA-256 of this one to the file.',
  },
  'not-found': {
    status: 404,
    title: 'Not found',
    description:
      'No route has this path, or the path names another model or version than the one served. Check the path against `/openapi.json`.',
  },
  'method-not-allowed': {
    status: 405,
    title: 'Method not allowed',
    description: 'The path exists, but not with this HTTP method. Use one that the header `Allow` lists.',
  },
  'request-timeout': {
    status: 408,
    title: 'Request timeout',
    description:
      'The headers did not arrive within 15 seconds, or the body arrived too slowly: below the minimum rate, not within the setting REQUEST_TIMEOUT_MS, or as one of the slowest while the service had no room for more. The connection is closed. Retry over a faster connection, or send a smaller image.',
  },
  'body-too-large': {
    status: 413,
    title: 'Request body too large',
    description:
      'The body, compressed or decompressed, exceeds the setting MAX_BODY_MB, or its JSON exceeds the fixed limit for JSON. Send a smaller image; send a large one as a file in a multipart form.',
  },
  'image-too-large': {
    status: 413,
    title: 'Image too large',
    description:
      'The image has too many pixels or scans, or needs more memory to be decoded than the service has. Send a smaller one.',
  },
  'unsupported-media-type': {
    status: 415,
    title: 'Unsupported media type',
    description:
      'The Content-Type is not one that the route accepts, or the Content-Encoding is neither gzip nor deflate; the header `Accept-Encoding` lists the accepted ones. Send the body in one that is.',
  },
  'unsupported-image': {
    status: 415,
    title: 'Unsupported image format',
    description: `The file is not a ${IMAGE_FORMATS}, or is a rare variant that cannot be decoded exactly. The detail names common formats, such as HEIC, and what to send instead.`,
  },
  'undecodable-image': {
    status: 422,
    title: 'Undecodable image',
    description: 'The image file is damaged or truncated. Check that it arrives complete, and encode it again.',
  },
  'empty-text': {
    status: 422,
    title: 'Empty text',
    description: 'A hypothesis is empty or blank. Send a sentence.',
  },
  overloaded: {
    status: 429,
    title: 'Too many requests',
    description:
      'The queue is full, the client (the name of an API key, or an address) has used up its share while others wait for theirs, the bodies of other requests leave no room for this one, or the service is too busy for an explanation or a further call of gRPC; no work was done for the request. Retry after the seconds in the header `Retry-After`.',
  },
  'rate-limited': {
    status: 429,
    title: 'Rate limit exceeded',
    description:
      'The API keys of this name have sent more requests than their `rate` in the file named by the setting API_KEYS_FILE allows. Retry after the seconds in the header `Retry-After`, or ask for a higher rate.',
  },
  'headers-too-large': {
    status: 431,
    title: 'Request headers too large',
    description:
      'The path and headers of the request have more than 16 KiB together. The connection is closed. Send fewer or shorter headers; cookies are not needed.',
  },
  internal: {
    status: 500,
    title: 'Internal error',
    description:
      "The service failed in an unforeseen way. The cause is in the service's log under the request's id; please report it.",
  },
  unavailable: {
    status: 503,
    title: 'Service unavailable',
    description:
      'The model is loading, its engine failed or is being replaced, or the service is shutting down. Retry if the answer has the header `Retry-After`; without it, the same request is likely to fail again.',
  },
  'deadline-exceeded': {
    status: 504,
    title: 'Deadline exceeded',
    description:
      'The request was not answered within the setting REQUEST_TIMEOUT_MS after its body was complete, or within its own header X-Request-Timeout-Ms after it arrived. Retry with a longer deadline, or when the service is less busy.',
  },
} as const satisfies Record<string, ProblemType>;

/** See {@link PROBLEMS}. */
export type ProblemName = keyof typeof PROBLEMS;

/** The body of an error: problem details of RFC 9457 with the request's id and, if one is at fault, the field. */
export const problemSchema = z
  .object({
    type: z.string().openapi({ example: `${PROBLEM_BASE}#missing-field` }),
    title: z.string().openapi({ example: PROBLEMS['missing-field'].title }),
    status: z.number().int().openapi({ example: 400 }),
    detail: z.string().openapi({ example: 'The field "text" is missing.' }),
    field: z.string().optional().openapi({
      description: 'The field of the body, or the header, at fault.',
      example: 'text',
    }),
    error: z.string().openapi({
      description:
        'The same as `detail`, for clients that look for it here, as those of the Open Inference Protocol do.',
      example: 'The field "text" is missing.',
    }),
    request_id: z.string().openapi({ example: '0b9c0d0e-7c0f-4f6e-9a53-0c2b6f0d7f2e' }),
  })
  .openapi('Problem');

/** An error on its way to the client. Its message becomes the `detail`. */
export class HttpProblem extends Refusal {
  override readonly name = 'HttpProblem';
  readonly problem: ProblemName;
  readonly field: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    problem: ProblemName,
    detail: string,
    extra: { field?: string; headers?: Readonly<Record<string, string>>; cause?: unknown } = {},
  ) {
    super(echo(detail), { cause: extra.cause });
    this.problem = problem;
    this.field = extra.field;
    this.headers = extra.headers ?? {};
  }

  get status(): (typeof PROBLEMS)[ProblemName]['status'] {
    return PROBLEMS[this.problem].status;
  }

  /**
   * The response, by RFC 9457.
   *
   * @param path the request's path: clients of the Open Inference Protocol expect plain JSON
   */
  toResponse(requestId: string, path = ''): Response {
    return new Response(this.body(requestId), { status: this.status, headers: this.headersFor(path) });
  }

  /** The response's own headers, by the request's path. */
  headersFor(path: string): Record<string, string> {
    return { 'content-type': isOpenInference(path) ? JSON_TYPE : PROBLEM_TYPE, ...this.headers };
  }

  /** The response's body as JSON. */
  body(requestId: string): string {
    const { status, title } = PROBLEMS[this.problem];
    const body: z.infer<typeof problemSchema> = {
      type: `${PROBLEM_BASE}#${this.problem}`,
      title,
      status,
      detail: this.message,
      error: this.message,
      ...(this.field === undefined ? {} : { field: this.field }),
      request_id: requestId,
    };
    return JSON.stringify(body);
  }
}

/** The error of a body that cannot be read. */
export function malformedBody(detail: string, cause?: unknown): HttpProblem {
  return new HttpProblem('malformed-body', detail, { cause });
}
