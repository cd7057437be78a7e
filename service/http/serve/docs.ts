import { z } from '@hono/zod-openapi';
import { PROBLEMS } from '../../requests/problem.ts';
import { REQUEST_ID } from '../../requests/request-id.ts';
import { TIMEOUT_HEADER } from '../middleware/timeout-header.ts';

/** The two ways to send a key, as OpenAPI security schemes. */
export const KEY_SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer', description: 'An API key.' },
  apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'As an alternative to `bearer`.' },
} as const;

/** A key in either way. The document of a service without keys leaves it out. */
export const KEY_SECURITY: Record<string, string[]>[] = Object.keys(KEY_SCHEMES).map((name) => ({ [name]: [] }));

/** Request headers that every prediction reads. */
export const REQUEST_HEADERS = z.object({
  [TIMEOUT_HEADER]: z.string().optional().openapi({
    type: 'integer',
    minimum: 1,
    description: "Deadline in milliseconds, the arrival of the body included; can only shorten the server's own limit.",
  }),
  'X-Request-Id': z
    .string()
    .optional()
    .openapi({
      ...REQUEST_ID,
      description:
        'Identifies the request in logs and is returned with the answer. A random UUID takes the place of one that is absent or malformed.',
    }),
});

/** Statuses of the errors of every route that reads an image. */
export const PREDICTION_ERRORS: readonly number[] = [
  ...new Set(Object.values(PROBLEMS).map(({ status }) => status)),
].filter((status) => status !== PROBLEMS['not-found'].status);
