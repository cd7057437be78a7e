import type { RouteConfig, z } from '@hono/zod-openapi';
import { PROBLEM_BASE, PROBLEM_TYPE, PROBLEMS, problemSchema } from '../../requests/problem.ts';

type ResponseConfig = RouteConfig['responses'];

/** Headers of error responses by status. */
const HEADERS: Readonly<Record<number, Record<string, { description: string; schema: object }>>> = {
  401: { 'WWW-Authenticate': { description: 'The scheme of the API key.', schema: { type: 'string' } } },
  405: { Allow: { description: 'The allowed methods.', schema: { type: 'string' } } },
  415: {
    'Accept-Encoding': {
      description: 'The accepted encodings, if that of the body is not one of them.',
      schema: { type: 'string' },
    },
  },
  429: { 'Retry-After': { description: 'Seconds to wait before a retry.', schema: { type: 'integer' } } },
  503: {
    'Retry-After': {
      description: 'Seconds to wait before a retry; absent if a retry is likely to fail, too.',
      schema: { type: 'integer' },
    },
  },
};

/** OpenAPI responses for errors with these statuses, with the problems that each stands for. */
export function problemResponses(statuses: readonly number[], contentType = PROBLEM_TYPE): ResponseConfig {
  const responses: ResponseConfig = {};
  for (const status of statuses) {
    const kinds = Object.entries(PROBLEMS).filter(([, problem]) => problem.status === status);
    responses[status] = {
      description: kinds.map(([name, { title }]) => `${title} (\`${name}\`)`).join('; '),
      content: {
        [contentType]: {
          schema: problemSchema,
          examples: Object.fromEntries(kinds.map(([name, kind]) => [name, exampleOf(name, kind)])),
        },
      },
      ...(HEADERS[status] === undefined ? {} : { headers: HEADERS[status] }),
    };
  }
  return responses;
}

function exampleOf(name: string, { status, title }: { status: number; title: string }): object {
  const detail = `${title}.`;
  const value: z.infer<typeof problemSchema> = {
    type: `${PROBLEM_BASE}#${name}`,
    title,
    status,
    detail,
    error: detail,
    request_id: '0b9c0d0e-7c0f-4f6e-9a53-0c2b6f0d7f2e',
  };
  return { summary: title, value };
}
