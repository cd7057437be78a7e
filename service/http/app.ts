import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { requestId } from 'hono/request-id';
import type { Example } from '../../model/package/examples.ts';
import { OPEN_INFERENCE_PREFIX, PATHS } from '../contract.ts';
import { identifyBy, type ClientRules } from '../requests/identify.ts';
import { compressAnswers } from './middleware/compress.ts';
import { identifyClient } from './middleware/identify-client.ts';
import type { App, AppEnv } from './context.ts';
import { addDemo, PIXELS_PATH } from './demo-page/demo-page.ts';
import { addDocuments } from './docs/documents.ts';
import { HttpProblem } from '../requests/problem.ts';
import type { Health } from '../requests/health.ts';
import { observeRequests } from './middleware/observe.ts';
import { addPredict } from './predict/route.ts';
import type { RequestObserver } from '../requests/observer.ts';
import type { ModelStatistics } from '../open-inference/statistics.ts';
import type { PredictDeps } from '../requests/serve.ts';
import { addProbes } from './probes/probes.ts';
import { INDEX_PATH, INFER_PATH, VERSIONED_INFER_PATH } from './open-inference/docs.ts';
import { addOpenInference } from './open-inference/route.ts';
import { JSON_LENGTH_HEADER } from './open-inference/schema.ts';
import { allowOrigins, securityHeaders } from './middleware/security.ts';
import { toProblem } from '../requests/to-problem.ts';

export interface AppDeps extends PredictDeps, ClientRules {
  readonly statistics: ModelStatistics;
  /** Called for every request. */
  readonly observer?: RequestObserver;
  /** Origins from which browsers may call. @default none */
  readonly corsOrigins?: readonly string[];
  /** Whether to serve the OpenAPI document and Swagger UI. @default true */
  readonly documents?: boolean;
  /** Whether to serve the demo page. @default false */
  readonly demo?: boolean;
  /** Examples of the loaded model, for the documents and the demo page. @default none */
  readonly examples?: readonly Example[];
}

const METRICS_ELSEWHERE = 'Metrics have a port of their own (ADMIN_PORT).';

/** The public application: predictions, probes, documents, demo page. */
export function createApp(deps: AppDeps): App {
  const app = baseApp(deps.health, deps.observer, (path) => (path === PATHS.metrics ? METRICS_ELSEWHERE : undefined));
  for (const middleware of allowOrigins(deps.corsOrigins ?? [], JSON_LENGTH_HEADER)) app.use(middleware);
  const guarded: string[] = [PATHS.predict, PATHS.predictJson, INFER_PATH, VERSIONED_INFER_PATH, INDEX_PATH];
  const { demo = false, documents = true, examples = [] } = deps;
  if (demo) guarded.push(PIXELS_PATH);
  // Only routes that exist: anything else gets 404 or 405, with or without a key.
  app.on('POST', guarded, identifyClient(identifyBy(deps)));
  addPredict(app, deps);
  addProbes(app, deps.health);
  addOpenInference(app, deps, deps.statistics);
  const needsKey = deps.apiKeys !== undefined;
  if (documents) addDocuments(app, { model: deps.predictor.model, examples, needsKey });
  if (demo) addDemo(app, { ...deps, examples, needsKey, documents });
  return app;
}

/**
 * An application that answers errors as problems and calls the observer for every request.
 *
 * @param elsewhere a sentence, also for the log, about a path that exists at another port
 */
export function baseApp(
  health: Health,
  observer: RequestObserver | undefined,
  elsewhere: (path: string) => string | undefined,
): App {
  // A slash at the end of a path is ignored.
  const app = new OpenAPIHono<AppEnv>({ strict: false });
  app.use(requestId());
  app.use(observeRequests(() => health.draining, observer));
  for (const middleware of securityHeaders()) app.use(middleware);
  // Outside of what replaces an answer: the new one would keep the header of a compressed one.
  app.use(`${OPEN_INFERENCE_PREFIX}/*`, compressAnswers());
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
  app.notFound((c) => {
    const detail = elsewhere(c.req.path);
    // Who scrapes or probes shows the status alone.
    if (detail !== undefined) c.get('record').attributes['detail'] = detail;
    return answer(c, new HttpProblem('not-found', detail ?? 'Nothing exists at this path.'));
  });
  app.onError((error, c) => answer(c, toProblem(error)));
  return app;
}

/** Answers with a problem, and records it for the log. */
function answer(c: Context<AppEnv>, problem: HttpProblem): Response {
  c.get('record').problem = problem;
  return problem.toResponse(c.get('requestId'), c.req.path);
}
