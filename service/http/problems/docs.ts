import type { RouteConfig } from '@hono/zod-openapi';
import { PROBLEM_TYPE, PROBLEMS, problemSchema } from './problem.ts';

type ResponseConfig = RouteConfig['responses'];

/** Headers that tell more of an error. */
const HEADERS: Readonly<Record<number, Record<string, { description: string; schema: object }>>> = {
  401: { 'WWW-Authenticate': { description: 'How to send a key.', schema: { type: 'string' } } },
  405: { Allow: { description: 'The methods that are allowed.', schema: { type: 'string' } } },
  429: { 'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer' } } },
  503: {
    'Retry-After': {
      description: 'Seconds to wait; missing where the same request is likely to fail again.',
      schema: { type: 'integer' },
    },
  },
};

/** Documents the errors with these statuses: which problems each stands for, and as what they are sent. */
export function problemResponses(statuses: readonly number[], contentType = PROBLEM_TYPE): ResponseConfig {
  const responses: ResponseConfig = {};
  for (const status of statuses) {
    const kinds = Object.entries(PROBLEMS).filter(([, problem]) => problem.status === status);
    responses[status] = {
      description: kinds.map(([name, { title }]) => `${title} (\`${name}\`)`).join('; '),
      content: { [contentType]: { schema: problemSchema } },
      ...(HEADERS[status] === undefined ? {} : { headers: HEADERS[status] }),
    };
  }
  return responses;
}
