import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { requestId } from 'hono/request-id';
import type { Example } from '../../model/package/examples.ts';
import { PATHS } from '../contract.ts';
import { requireApiKey } from './middleware/api-keys.ts';
import type { ApiKeys } from './middleware/api-keys.ts';
import type { App, AppEnv } from './context.ts';
import { addDemo, PIXELS_PATH } from './demo-page/demo-page.ts';
import { addDocuments } from './docs/documents.ts';
import { HttpProblem } from './problems/problem.ts';
import type { Health } from './probes/health.ts';
import { observeRequests } from './middleware/observe.ts';
import type { RequestListener } from './middleware/observe.ts';
import { addPredict } from './predict/route.ts';
import type { PredictDeps } from './predict/route.ts';
import { addProbes } from './probes/probes.ts';
import { INFER_PATH, VERSIONED_INFER_PATH } from './open-inference/docs.ts';
import { addOpenInference } from './open-inference/route.ts';
import { allowOrigins, securityHeaders } from './middleware/security.ts';
import { toProblem } from './problems/to-problem.ts';

export interface AppDeps extends PredictDeps {
  /** Hears of every request. */
  readonly listener?: RequestListener;
  /** Whose API keys are accepted. @default no key is needed */
  readonly apiKeys?: ApiKeys;
  /** Origins from which browsers may call. @default none */
  readonly corsOrigins?: readonly string[];
  /** Examples for the demo page. @default there is no demo page */
  readonly demo?: { readonly examples: readonly Example[] };
}

/** The public application: predictions, probes, documents, demo page. */
export function createApp(deps: AppDeps): App {
  const app = baseApp(deps.health, deps.listener);
  for (const middleware of allowOrigins(deps.corsOrigins ?? [])) app.use(middleware);
  if (deps.apiKeys !== undefined) {
    const guarded = [PATHS.predict, INFER_PATH, VERSIONED_INFER_PATH];
    if (deps.demo !== undefined) guarded.push(PIXELS_PATH);
    // Only what can be answered: whoever asks for something else is told so, key or not.
    app.on('POST', guarded, requireApiKey(deps.apiKeys));
  }
  addProbes(app, deps.health);
  addPredict(app, deps);
  addOpenInference(app, deps);
  addDocuments(app);
  if (deps.demo !== undefined) {
    addDemo(app, { ...deps, examples: deps.demo.examples, needsKey: deps.apiKeys !== undefined });
  }
  return app;
}

/** An application that answers errors as problems and tells its listener of every request. */
export function baseApp(health: Health, listener?: RequestListener): App {
  const app = new OpenAPIHono<AppEnv>();
  app.use(requestId());
  app.use(observeRequests(health, listener));
  for (const middleware of securityHeaders()) app.use(middleware);
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, methods) => {
        const allow = methods.join(', ');
        const detail = `${c.req.method} is not allowed here; ${allow} ${methods.length > 1 ? 'are' : 'is'}.`;
        return answer(c, new HttpProblem('method-not-allowed', detail, { headers: { allow } }));
      },
    }),
  );
  app.notFound((c) => answer(c, new HttpProblem('not-found', 'There is nothing at this path.')));
  app.onError((error, c) => answer(c, toProblem(error)));
  return app;
}

/** The answer to a request that has a problem, which is noted for its log line. */
function answer(c: Context<AppEnv>, problem: HttpProblem): Response {
  c.get('record').problem = problem;
  return problem.toResponse(c.get('requestId'), c.req.path);
}
