import type { OpenAPIHono } from '@hono/zod-openapi';
import { createRoute, z } from '@hono/zod-openapi';
import { PATHS } from '../../contract.ts';
import type { AppEnv } from '../context.ts';
import type { Health, Verdict } from './health.ts';
import { problemResponses } from '../problems/docs.ts';

const probeSchema = z
  .object({
    status: z.enum(['ok', 'unavailable']),
    reason: z.string().optional().openapi({ description: 'Why it is not, in words.' }),
  })
  .openapi('Probe');

/** Adds the probes, as Kubernetes means them. */
export function addProbes(app: OpenAPIHono<AppEnv>, health: Health): void {
  const add = (path: string, summary: string, ask: () => Verdict): void => {
    app.openAPIRegistry.registerPath(probeRoute(path, summary));
    app.get(path, (c) => {
      const verdict = ask();
      const body: z.infer<typeof probeSchema> = verdict.ok
        ? { status: 'ok' }
        : { status: 'unavailable', reason: verdict.reason };
      return c.json(body, verdict.ok ? 200 : 503, { 'cache-control': 'no-store' });
    });
  };
  add(PATHS.live, 'Whether the process works and can recover by itself', () => health.live());
  add(PATHS.ready, 'Whether requests should be sent here', () => health.ready());
  add(PATHS.health, 'The same as readyz', () => health.ready());
  add(PATHS.startup, 'Whether the model has become ready once', () => health.started());
}

function probeRoute(path: string, summary: string): ReturnType<typeof createRoute> {
  const content = { 'application/json': { schema: probeSchema } };
  return createRoute({
    method: 'get',
    path,
    operationId: path.slice(1),
    tags: ['probes'],
    summary,
    responses: {
      200: { description: 'Yes', content },
      503: { description: 'No, for the reason given', content },
      ...problemResponses([405]),
    },
  });
}
