import { z } from '@hono/zod-openapi';

/** The content type of errors. */
export const PROBLEM_TYPE = 'application/problem+json';
/** The content type of errors where the Open Inference Protocol is spoken. */
export const JSON_TYPE = 'application/json';

/** Every error that the service answers: its status and title. The name is the end of the problem's `type`. */
export const PROBLEMS = {
  'malformed-body': { status: 400, title: 'The body cannot be read' },
  'missing-field': { status: 400, title: 'A field is missing' },
  'invalid-field': { status: 400, title: 'A field is not valid' },
  unauthorized: { status: 401, title: 'An API key is needed' },
  forbidden: { status: 403, title: 'The API key is not accepted' },
  'not-found': { status: 404, title: 'Nothing is here' },
  'method-not-allowed': { status: 405, title: 'The method is not allowed here' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'image-too-large': { status: 413, title: 'The image is too large' },
  'unsupported-media-type': { status: 415, title: 'The body has an unsupported type' },
  'unsupported-image': { status: 415, title: 'The image has an unsupported format' },
  'undecodable-image': { status: 422, title: 'The image cannot be decoded' },
  'empty-text': { status: 422, title: 'The text is empty' },
  overloaded: { status: 429, title: 'Too many requests wait' },
  internal: { status: 500, title: 'The service made a mistake' },
  unavailable: { status: 503, title: 'The service cannot answer now' },
  'deadline-exceeded': { status: 504, title: 'The request ran out of time' },
} as const;

/** See {@link PROBLEMS}. */
export type ProblemName = keyof typeof PROBLEMS;

/** What an error answer holds: RFC 9457 with the request's id and, where one is at fault, the field. */
export const problemSchema = z
  .object({
    type: z.string().openapi({ example: 'urn:ofa-ve:problem:missing-field' }),
    title: z.string().openapi({ example: PROBLEMS['missing-field'].title }),
    status: z.number().int().openapi({ example: 400 }),
    detail: z.string().openapi({ example: 'The field "text" is missing.' }),
    field: z.string().optional().openapi({
      description: 'The part of the request that is at fault: a field of the body, or a header.',
      example: 'text',
    }),
    error: z.string().optional().openapi({
      description: 'The detail again, under `/v2`: where the Open Inference Protocol has it.',
    }),
    request_id: z.string().openapi({ example: '0b9c0d0e-7c0f-4f6e-9a53-0c2b6f0d7f2e' }),
  })
  .openapi('Problem');

/** An error on its way to the client. Its message becomes the `detail`. */
export class HttpProblem extends Error {
  readonly problem: ProblemName;
  readonly field: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    problem: ProblemName,
    detail: string,
    extra: { field?: string; headers?: Readonly<Record<string, string>>; cause?: unknown } = {},
  ) {
    super(detail, { cause: extra.cause });
    this.name = 'HttpProblem';
    this.problem = problem;
    this.field = extra.field;
    this.headers = extra.headers ?? {};
  }

  get status(): (typeof PROBLEMS)[ProblemName]['status'] {
    return PROBLEMS[this.problem].status;
  }

  /**
   * The answer as RFC 9457 wants it.
   *
   * @param path the request's path: clients of the Open Inference Protocol also look for `error`, and only in plain JSON
   */
  toResponse(requestId: string, path = ''): Response {
    const { status, title } = PROBLEMS[this.problem];
    const isOpenInference = /^\/v2(\/|$)/.test(path);
    const body: z.infer<typeof problemSchema> = {
      type: `urn:ofa-ve:problem:${this.problem}`,
      title,
      status,
      detail: this.message,
      ...(this.field === undefined ? {} : { field: this.field }),
      request_id: requestId,
      ...(isOpenInference ? { error: this.message } : {}),
    };
    return new Response(JSON.stringify(body), {
      status,
      headers: { 'content-type': isOpenInference ? JSON_TYPE : PROBLEM_TYPE, ...this.headers },
    });
  }
}
