import type { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { version } from '../../../model/version.ts';
import type { ModelInfo } from '../../inference/predictor.ts';
import type { App, AppEnv } from '../context.ts';
import {
  documentOpenInference,
  INFER_PATH,
  MODEL_PATH,
  OPEN_INFERENCE_PREFIX,
  VERSION_PATH,
  VERSIONED_INFER_PATH,
} from './docs.ts';
import { readInferRequest } from './input.ts';
import { toInferAnswer } from './answer.ts';
import {
  INPUTS,
  OUTPUTS,
  type modelMetadataSchema,
  type modelReadySchema,
  type serverLiveSchema,
  type serverMetadataSchema,
  type serverReadySchema,
} from './schema.ts';
import { servePrediction, type PredictDeps } from '../predict/serve.ts';
import { HttpProblem } from '../problems/problem.ts';

/**
 * Adds the Open Inference Protocol for clients of KServe and Triton. Inputs are BYTES tensors: `text`; `image` (one, or
 * one for each text: base64, or the file itself in a binary tensor); and optionally `premise` (one, or one for each).
 */
export function addOpenInference(app: App, deps: PredictDeps): void {
  const { model } = deps.predictor;
  const server: z.infer<typeof serverMetadataSchema> = {
    name: 'ofa-ve',
    version,
    extensions: ['binary_tensor_data'],
  };
  app.get(OPEN_INFERENCE_PREFIX, (c) => c.json(server));
  addHealth(app, deps);
  for (const path of [MODEL_PATH, VERSION_PATH]) {
    app.get(path, (c) => {
      checkModel(c, model);
      return c.json(metadata(model));
    });
  }
  for (const path of [INFER_PATH, VERSIONED_INFER_PATH]) {
    app.post(path, async (c) => {
      checkModel(c, model);
      const { input, answers } = await servePrediction(c, deps, readInferRequest);
      return toInferAnswer(model, input, answers);
    });
  }
  documentOpenInference(app);
}

type HealthBody = z.infer<typeof serverLiveSchema | typeof serverReadySchema | typeof modelReadySchema>;

/** Adds the protocol's probes; clients read the bodies, whatever the status. */
function addHealth(app: App, { health, predictor: { model } }: PredictDeps): void {
  const answer = (c: Context<AppEnv>, isOk: boolean, body: HealthBody): Response =>
    c.json(body, isOk ? 200 : 503, { 'cache-control': 'no-store' });
  app.get(`${OPEN_INFERENCE_PREFIX}/health/live`, (c) => {
    const live = health.live().ok;
    return answer(c, live, { live });
  });
  app.get(`${OPEN_INFERENCE_PREFIX}/health/ready`, (c) => {
    const ready = health.ready().ok;
    return answer(c, ready, { live: health.live().ok, ready });
  });
  for (const path of [MODEL_PATH, VERSION_PATH]) {
    app.get(`${path}/ready`, (c) => {
      checkModel(c, model);
      const ready = health.ready().ok;
      return answer(c, ready, { name: model.name, ready });
    });
  }
}

function checkModel(c: Context<AppEnv>, model: ModelInfo): void {
  const { name = model.name, version: wanted = model.digest } = c.req.param() as Record<string, string>;
  if (name !== model.name) {
    throw new HttpProblem('not-found', `There is no such model; this service has ${model.name}.`);
  }
  if (wanted !== model.digest) {
    throw new HttpProblem('not-found', `There is no such version; this service has ${model.digest}.`);
  }
}

function metadata(model: ModelInfo): z.infer<typeof modelMetadataSchema> {
  return {
    name: model.name,
    versions: [model.digest],
    platform: 'onnxruntime_onnx',
    inputs: INPUTS.map((name) => ({ name, datatype: 'BYTES', shape: [-1] })),
    outputs: Object.entries(OUTPUTS).map(([name, { datatype, perItem }]) => ({
      name,
      datatype,
      shape: [-1, ...perItem(model.answers.length)],
    })),
  };
}
