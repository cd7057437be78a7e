import type { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { OPEN_INFERENCE_PREFIX } from '../../contract.ts';
import type { ModelInfo } from '../../inference/predictor.ts';
import { checkModel, modelMetadata, SERVER } from '../../open-inference/model.ts';
import type { ModelStatistics } from '../../open-inference/statistics.ts';
import type { Verdict } from '../../requests/health.ts';
import type { PredictDeps } from '../../requests/serve.ts';
import type { App, AppEnv } from '../context.ts';
import { documentOpenInference, INFER_PATH, MODEL_PATH, VERSION_PATH, VERSIONED_INFER_PATH } from './docs.ts';
import { readInferRequest } from './input.ts';
import { toInferAnswer } from './answer.ts';
import type { modelReadySchema, serverLiveSchema, serverMetadataSchema, serverReadySchema } from './schema.ts';
import { addManagement } from './management.ts';
import { noteReason } from '../probes/probes.ts';
import { servePrediction } from '../serve/serve.ts';

/**
 * Adds the Open Inference Protocol for clients of KServe and Triton. Inputs are BYTES tensors: `text`; `image` (one, or
 * one for each text: base64, or the file itself in a binary tensor); and optionally `premise` (one, or one for each).
 */
export function addOpenInference(app: App, deps: PredictDeps, statistics: ModelStatistics): void {
  const { model } = deps.predictor;
  const server: z.infer<typeof serverMetadataSchema> = SERVER;
  app.get(OPEN_INFERENCE_PREFIX, (c) => c.json(server));
  addHealth(app, deps);
  addManagement(app, deps, statistics, (c) => {
    checkModelPath(c, model);
  });
  const described = modelMetadata(model);
  for (const path of [MODEL_PATH, VERSION_PATH]) {
    app.get(path, (c) => {
      checkModelPath(c, model);
      return c.json(described);
    });
  }
  for (const path of [INFER_PATH, VERSIONED_INFER_PATH]) {
    app.post(path, async (c) => {
      checkModelPath(c, model);
      return toInferAnswer(model, await servePrediction(c, deps, readInferRequest));
    });
  }
  documentOpenInference(app);
}

type HealthBody = z.infer<typeof serverLiveSchema | typeof serverReadySchema | typeof modelReadySchema>;

/** Adds the protocol's probes; clients read the bodies, whatever the status. */
function addHealth(app: App, { health, predictor: { model } }: PredictDeps): void {
  const answer = (c: Context<AppEnv>, verdict: Verdict, body: HealthBody): Response => {
    noteReason(c, verdict);
    return c.json(body, verdict.ok ? 200 : 503, { 'cache-control': 'no-store' });
  };
  app.get(`${OPEN_INFERENCE_PREFIX}/health/live`, (c) => {
    const verdict = health.live();
    return answer(c, verdict, { live: verdict.ok });
  });
  app.get(`${OPEN_INFERENCE_PREFIX}/health/ready`, (c) => {
    const verdict = health.ready();
    return answer(c, verdict, { live: health.live().ok, ready: verdict.ok });
  });
  for (const path of [MODEL_PATH, VERSION_PATH]) {
    app.get(`${path}/ready`, (c) => {
      checkModelPath(c, model);
      const verdict = health.ready();
      return answer(c, verdict, { name: model.name, ready: verdict.ok });
    });
  }
}

function checkModelPath(c: Context<AppEnv>, model: ModelInfo): void {
  const { name, version } = c.req.param() as Partial<Record<'name' | 'version', string>>;
  checkModel(model, name, version);
}
