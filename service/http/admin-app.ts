import { PATHS } from '../contract.ts';
import type { Metrics } from '../observability/metrics.ts';
import { baseApp } from './app.ts';
import type { App } from './context.ts';
import type { Health } from '../requests/health.ts';
import type { RequestObserver } from '../requests/observer.ts';
import { addProbes } from './probes/probes.ts';

const ALL_ELSE_ELSEWHERE = 'This port has metrics and probes alone; all else has a port of its own (PORT).';

/** The application on the admin port: metrics and probes. */
export function createAdminApp(health: Health, metrics: Metrics, observer?: RequestObserver): App {
  const app = baseApp(health, observer, () => ALL_ELSE_ELSEWHERE);
  addProbes(app, health);
  app.get(PATHS.metrics, async () => {
    return new Response(await metrics.text(), {
      headers: { 'content-type': metrics.contentType, 'cache-control': 'no-store' },
    });
  });
  return app;
}
