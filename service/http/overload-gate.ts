import type { IncomingMessage, ServerResponse } from 'node:http';
import { Hono } from 'hono';
import { OPEN_INFERENCE_PREFIX, PATHS } from '../contract.ts';
import { RequestRecord } from '../observability/request-record.ts';
import { modelVersions } from '../open-inference/model.ts';
import { recognizeBy } from '../requests/identify.ts';
import { isOpenInference } from '../requests/problem.ts';
import { requestIdOf } from '../requests/request-id.ts';
import { toProblem } from '../requests/to-problem.ts';
import type { AppDeps } from './app.ts';
import { compressAnswers } from './middleware/compress.ts';
import { allowOrigins, securityHeaders } from './middleware/security.ts';
import { INFER_PATH, MODEL_PATH } from './open-inference/docs.ts';
import { JSON_LENGTH_HEADER } from './open-inference/schema.ts';

/** @returns answers the request; undefined if it has to reach the application */
export type Gate = (incoming: IncomingMessage, outgoing: ServerResponse) => (() => void) | undefined;

/**
 * Refuses predictions while the queue is full, or its client's share of it used up, by their headers alone. Under
 * overload most requests end here, so the answer has to cost little: it is that of the application (429 with
 * `Retry-After`), without its middleware. Such requests have no trace. Everything else is left to the application,
 * including what it refuses for another reason: an unknown model, a wrong API key, a rate.
 */
export async function overloadGate(deps: AppDeps): Promise<Gate> {
  const { admission, health, observer } = deps;
  const routes = routesOf(deps);
  const recognize = recognizeBy(deps);
  const headersOf = await commonHeaders(deps.corsOrigins ?? []);
  return (incoming, outgoing) => {
    const { method = '', url = '', headers } = incoming;
    const path = url.split('?', 1)[0] ?? '';
    const route = method === 'POST' ? routes.get(path) : undefined;
    if (route === undefined || !health.started().ok || !health.live().ok) return undefined;
    const header = (name: string): string | undefined => headers[name]?.toString();
    const caller = recognize(header, incoming.socket);
    if (caller === undefined) return undefined;
    const refusal = admission.refusal(caller.client);
    if (refusal === undefined) return undefined;
    return () => {
      const record = new RequestRecord();
      if (caller.apiKey !== undefined) record.attributes['api_key'] = caller.apiKey;
      const problem = toProblem(refusal);
      const requestId = requestIdOf(header('x-request-id'));
      const body = problem.body(requestId);
      // As names and values in turn, which Node.js writes without looking them up.
      outgoing.writeHead(problem.status, [
        ...headersOf(path, header('origin')),
        ...Object.entries(problem.headersFor(path)).flat(),
        ...(health.draining ? ['connection', 'close'] : []),
        'content-length',
        String(Buffer.byteLength(body)),
        'x-request-id',
        requestId,
      ]);
      outgoing.end(body);
      observer?.end({ method, route, status: problem.status, requestId, record, problem });
    };
  };
}

/** The label in metrics of each path of a prediction, as clients usually spell it. */
function routesOf({ predictor: { model } }: AppDeps): Map<string, string> {
  const modelPath = MODEL_PATH.replace(':name', encodeURIComponent(model.name));
  const versioned = modelVersions(model).map((version) => `${modelPath}/versions/${version}`);
  return new Map([
    [PATHS.predict, PATHS.predict],
    [PATHS.predictJson, PATHS.predict],
    ...[modelPath, ...versioned].map((path) => [`${path}/infer`, INFER_PATH] as const),
  ]);
}

/** Names and values in turn. */
type Headers = readonly string[];

/** The headers that the application's middleware adds to every answer, by the request's path and origin. */
async function commonHeaders(
  origins: readonly string[],
): Promise<(path: string, origin: string | undefined) => Headers> {
  const app = new Hono();
  for (const middleware of securityHeaders()) app.use(middleware);
  app.use(`${OPEN_INFERENCE_PREFIX}/*`, compressAnswers());
  for (const middleware of allowOrigins(origins, JSON_LENGTH_HEADER)) app.use(middleware);
  app.post('*', (c) => c.body(null));
  const headers = new Map<string, Headers>();
  const keyOf = (path: string, origin: string): string => `${isOpenInference(path)} ${origin}`;
  for (const path of [PATHS.predict, OPEN_INFERENCE_PREFIX]) {
    for (const origin of ['', ...origins]) {
      const response = await app.request(path, { method: 'POST', headers: origin === '' ? {} : { origin } });
      headers.set(keyOf(path, origin), [...response.headers].flat());
    }
  }
  return (path, origin = '') => headers.get(keyOf(path, origin)) ?? headers.get(keyOf(path, '')) ?? [];
}
