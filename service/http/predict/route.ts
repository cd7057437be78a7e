import type { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { PATHS } from '../../contract.ts';
import type { Heatmap } from '../../inference/occlusion.ts';
import type { PredictDeps } from '../../requests/serve.ts';
import type { RequestBody } from '../body/request-body.ts';
import type { App, AppEnv } from '../context.ts';
import { documentPredict } from './docs.ts';
import { readPredictInput, readPredictJson } from './input.ts';
import type { PredictInput } from './parse.ts';
import type { explanationSchema, predictionSchema } from './schema.ts';
import { servePrediction } from '../serve/serve.ts';

/** Adds `POST /predict` and `POST /predict/json`. */
export function addPredict(app: App, deps: PredictDeps): void {
  documentPredict(app, deps);
  app.post(PATHS.predict, (c) => predict(c, deps, readPredictInput));
  app.post(PATHS.predictJson, (c) => predict(c, deps, readPredictJson));
}

async function predict(
  c: Context<AppEnv>,
  deps: PredictDeps,
  read: (body: RequestBody) => Promise<PredictInput>,
): Promise<Response> {
  const { input, answers, heatmap, textWarnings } = await servePrediction(c, deps, read);
  const { name, precision, digest, labels } = deps.predictor.model;
  const results = answers.map(({ result, label, confidence, scores }) => {
    return {
      result,
      label,
      confidence,
      scores,
      ...(heatmap === undefined ? {} : { explanation: explanationOf(heatmap) }),
    };
  });
  const [first] = results;
  const warnings = [...input.warnings, ...textWarnings];
  const body: z.infer<typeof predictionSchema> = {
    ...(input.isList || first === undefined ? { results } : first),
    labels: [...labels],
    ...(warnings.length > 0 ? { warnings } : {}),
    latency_ms: c.get('record').elapsedMs(),
    model: { name, precision, digest },
    request_id: c.get('requestId'),
  };
  return c.json(body, 200);
}

/** The heatmap, rounded to four decimals. */
function explanationOf(heatmap: Heatmap): z.infer<typeof explanationSchema> {
  const rounded = heatmap.map((row) => row.map((fall) => Math.round(fall * 1e4) / 1e4));
  return { method: 'occlusion', heatmap: rounded };
}
