import { PATHS } from '../contract.ts';
import type { Metrics } from '../observability/metrics.ts';
import { baseApp } from './app.ts';
import type { App } from './context.ts';
import type { Health } from '../requests/health.ts';
import { addProbes } from './probes/probes.ts';

/** The application on the admin port: metrics and probes. */
export function createAdminApp(health: Health, metrics: Metrics): App {
  const app = baseApp(health);
  addProbes(app, health);
  app.get(PATHS.metrics, async () => {
    return new Response(await metrics.text(), {
      headers: { 'content-type': metrics.contentType, 'cache-control': 'no-store' },
    });
  });
  return app;
}
