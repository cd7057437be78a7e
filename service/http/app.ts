import { OpenAPIHono } from '@hono/zod-openapi';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { requestId } from 'hono/request-id';
import type { App, AppEnv } from './context.ts';
import { HttpProblem } from './problem.ts';
import type { Health } from './health.ts';
import { observeRequests } from './observe.ts';
import type { RequestListener } from './observe.ts';
import { addPredict } from './predict.ts';
import type { PredictDeps } from './predict.ts';
import { addProbes } from './probes.ts';
import { toProblem } from './to-problem.ts';

export interface AppDeps extends PredictDeps {
  /** Hears of every answered request. */
  readonly onRequest?: RequestListener;
}

/** The public application: predictions, probes, documents, demo page. */
export function createApp(deps: AppDeps): App {
  const app = baseApp(deps.health, deps.onRequest);
  addProbes(app, deps.health);
  addPredict(app, deps);
  return app;
}

/** An application that answers errors as problems and tells its listener of every request. */
export function baseApp(health: Health, onRequest?: RequestListener): App {
  const app = new OpenAPIHono<AppEnv>();
  app.use(requestId());
  app.use(observeRequests(health, onRequest));
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, methods) => {
        const allow = methods.join(', ');
        const detail = `${c.req.method} is not allowed here; ${allow} is.`;
        return new HttpProblem('method-not-allowed', detail, { headers: { allow } }).toResponse(
          c.get('requestId'),
        );
      },
    }),
  );
  app.notFound((c) =>
    new HttpProblem('not-found', 'There is nothing at this path.').toResponse(c.get('requestId')),
  );
  app.onError((error, c) => {
    const problem = toProblem(error);
    c.get('record').problem = problem;
    return problem.toResponse(c.get('requestId'));
  });
  return app;
}
