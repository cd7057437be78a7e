import { createRoute, z } from '@hono/zod-openapi';
import { PATHS } from '../../contract.ts';
import type { PredictDeps } from '../../requests/serve.ts';
import type { App } from '../context.ts';
import { KEY_SECURITY } from '../middleware/api-keys.ts';
import { problemResponses } from '../problems/docs.ts';
import { readPredictInput } from './input.ts';
import { formBodySchema, jsonBodySchema, predictionSchema, predictionsSchema } from './schema.ts';
import { PREDICTION_ERRORS, REQUEST_HEADERS, servePrediction } from './serve.ts';

const route = createRoute({
  method: 'post',
  path: PATHS.predict,
  operationId: 'predict',
  tags: ['predictions'],
  summary: 'Judge whether an image entails a text',
  security: KEY_SECURITY,
  request: {
    headers: REQUEST_HEADERS,
    body: {
      required: true,
      content: {
        'multipart/form-data': { schema: formBodySchema },
        'application/json': { schema: jsonBodySchema },
      },
    },
  },
  responses: {
    200: {
      description: 'The judgement, or the judgements on several texts in the order of the texts.',
      content: { 'application/json': { schema: z.union([predictionSchema, predictionsSchema]) } },
    },
    ...problemResponses(PREDICTION_ERRORS),
  },
});

type Body = z.infer<typeof predictionSchema> | z.infer<typeof predictionsSchema>;

/** Adds `POST /predict`. */
export function addPredict(app: App, deps: PredictDeps): void {
  app.openAPIRegistry.registerPath(route);
  app.post(PATHS.predict, async (c) => {
    const { input, answers } = await servePrediction(c, deps, readPredictInput);
    const { name, precision, digest, answers: labels } = deps.predictor.model;
    const results = answers.map(({ result, label, confidence, scores }) => {
      return { result, label, confidence, scores };
    });
    const common = {
      labels: [...labels],
      latency_ms: c.get('record').elapsedMs(),
      model: { name, precision, digest },
      request_id: c.get('requestId'),
    };
    const [first] = results;
    const body: Body = input.isList || first === undefined ? { results, ...common } : { ...first, ...common };
    return c.json(body, 200);
  });
}
