import type { RouteConfig } from '@hono/zod-openapi';
import { PROBLEMS, problemSchema } from './problem.ts';

type ResponseConfig = RouteConfig['responses'];

/** Documents the errors with these statuses: which problems each stands for. */
export function problemResponses(statuses: readonly number[]): ResponseConfig {
  const responses: ResponseConfig = {};
  for (const status of statuses) {
    const kinds = Object.entries(PROBLEMS).filter(([, problem]) => problem.status === status);
    responses[status] = {
      description: kinds.map(([name, { title }]) => `${title} (\`${name}\`)`).join('; '),
      content: { 'application/problem+json': { schema: problemSchema } },
    };
  }
  return responses;
}
