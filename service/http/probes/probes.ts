import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { PATHS } from '../../contract.ts';
import type { AppEnv } from '../context.ts';
import type { Health, Verdict } from '../../requests/health.ts';
import { problemResponses } from '../problems/docs.ts';

const probeSchema = z
  .object({
    status: z.enum(['ok', 'unavailable']),
    reason: z.string().optional().openapi({ description: 'Why the status is unavailable.' }),
  })
  .openapi('Probe');

/** Adds the liveness, readiness and startup probes of Kubernetes. */
export function addProbes(app: OpenAPIHono<AppEnv>, health: Health): void {
  const add = (path: string, summary: string, check: () => Verdict): void => {
    app.openAPIRegistry.registerPath(probeRoute(path, summary));
    app.get(path, (c) => {
      const verdict = check();
      noteReason(c, verdict);
      const body: z.infer<typeof probeSchema> = verdict.ok
        ? { status: 'ok' }
        : { status: 'unavailable', reason: verdict.reason };
      return c.json(body, verdict.ok ? 200 : 503, { 'cache-control': 'no-store' });
    });
  };
  add(PATHS.live, 'Whether the process works, or can recover by itself', () => health.live());
  add(PATHS.ready, 'Whether the service accepts requests', () => health.ready());
  add(PATHS.health, 'The same as /readyz', () => health.ready());
  add(PATHS.startup, 'Whether the service has ever been ready', () => health.started());
}

/** Has the log say why a probe fails. */
export function noteReason(c: Context<AppEnv>, verdict: Verdict): void {
  if (!verdict.ok) c.get('record').attributes['detail'] = verdict.reason;
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
      503: { description: 'No, for the given reason', content },
      ...problemResponses([405]),
    },
  });
}
