import { createRoute, type z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { PATHS } from '../../contract.ts';
import type { PredictDeps } from '../../requests/serve.ts';
import type { RequestBody } from '../body/request-body.ts';
import type { App, AppEnv } from '../context.ts';
import { KEY_SECURITY } from '../middleware/api-keys.ts';
import { problemResponses } from '../problems/docs.ts';
import { readPredictInput, readPredictJson } from './input.ts';
import type { PredictInput } from './parse.ts';
import { formBodySchema, formEncoding, jsonBodySchema, predictionSchema } from './schema.ts';
import { PREDICTION_ERRORS, REQUEST_HEADERS, servePrediction } from './serve.ts';

const responses = {
  200: {
    description: 'The judgement, or the judgements on several texts in the order of the texts.',
    content: { 'application/json': { schema: predictionSchema } },
  },
  ...problemResponses(PREDICTION_ERRORS),
};

const formRoute = createRoute({
  method: 'post',
  path: PATHS.predict,
  operationId: 'predict',
  tags: ['predictions'],
  summary: 'Judge whether an image entails a text',
  description: `Takes the JSON of \`${PATHS.predictJson}\`, too.`,
  security: KEY_SECURITY,
  request: {
    headers: REQUEST_HEADERS,
    body: {
      required: true,
      content: { 'multipart/form-data': { schema: formBodySchema, encoding: formEncoding } },
    },
  },
  responses,
});

// A path of its own, since generators of clients support one type of body for each operation.
const jsonRoute = createRoute({
  method: 'post',
  path: PATHS.predictJson,
  operationId: 'predictJson',
  tags: ['predictions'],
  summary: 'Judge whether an image entails a text, in JSON',
  description: 'The answer is the same as to a form.',
  security: KEY_SECURITY,
  request: {
    headers: REQUEST_HEADERS,
    body: { required: true, content: { 'application/json': { schema: jsonBodySchema } } },
  },
  responses,
});

/** Adds `POST /predict` and `POST /predict/json`. */
export function addPredict(app: App, deps: PredictDeps): void {
  app.openAPIRegistry.registerPath(formRoute);
  app.openAPIRegistry.registerPath(jsonRoute);
  app.post(PATHS.predict, (c) => predict(c, deps, readPredictInput));
  app.post(PATHS.predictJson, (c) => predict(c, deps, readPredictJson));
}

async function predict(
  c: Context<AppEnv>,
  deps: PredictDeps,
  read: (body: RequestBody) => Promise<PredictInput>,
): Promise<Response> {
  const { input, answers } = await servePrediction(c, deps, read);
  const { name, precision, digest, answers: labels } = deps.predictor.model;
  const results = answers.map(({ result, label, confidence, scores }) => {
    return { result, label, confidence, scores };
  });
  const [first] = results;
  const body: z.infer<typeof predictionSchema> = {
    ...(input.isList || first === undefined ? { results } : first),
    labels: [...labels],
    ...(input.warnings.length > 0 ? { warnings: [...input.warnings] } : {}),
    latency_ms: c.get('record').elapsedMs(),
    model: { name, precision, digest },
    request_id: c.get('requestId'),
  };
  return c.json(body, 200);
}
