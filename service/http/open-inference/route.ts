import type { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { version } from '../../../model/version.ts';
import type { Answer } from '../../inference/answer.ts';
import type { ModelInfo, Question } from '../../inference/predictor.ts';
import type { App, AppEnv } from '../context.ts';
import {
  documentOpenInference,
  INFER_PATH,
  MODEL_PATH,
  OPEN_INFERENCE_PREFIX,
  VERSION_PATH,
  VERSIONED_INFER_PATH,
} from './docs.ts';
import { toInferAnswer } from './answer.ts';
import { readInferRequest } from './request.ts';
import type { InferRequest } from './request.ts';
import { INPUTS, OUTPUTS } from './schema.ts';
import type {
  modelMetadataSchema,
  modelReadySchema,
  serverLiveSchema,
  serverMetadataSchema,
  serverReadySchema,
} from './schema.ts';
import { noteInput, servePlace } from '../predict/route.ts';
import type { PredictDeps } from '../predict/route.ts';
import { HttpProblem } from '../problems/problem.ts';

/**
 * Adds the Open Inference Protocol, so that clients of KServe and Triton work. Inputs are BYTES: `text`, `image` (one,
 * or one for each text: base64, or the file itself in a binary tensor), and optionally `premise` (likewise).
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
      const { request, answers } = await infer(c, deps);
      return toInferAnswer(model, request.body, answers);
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
    throw new HttpProblem('not-found', `There is no such model; the one here is ${model.name}.`);
  }
  if (wanted !== model.digest) {
    throw new HttpProblem('not-found', `There is no such version; the one here is ${model.digest}.`);
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

function infer(
  c: Context<AppEnv>,
  deps: PredictDeps,
): Promise<{ request: InferRequest; answers: readonly Answer[] }> {
  const read = (signal: AbortSignal): Promise<InferRequest> =>
    readInferRequest(c.req.raw, deps.limits.maxBodyMb, signal);
  return servePlace(c, deps, read, async (request, { signal, place }) => {
    const { images, texts } = request;
    const observer = c.get('record');
    noteInput(observer, images, texts);
    place.resize(texts.length);
    const answers = await deps.predictor.predictAll(toQuestions(request), { signal, observer });
    deps.admission.answered(answers.length);
    return { request, answers };
  });
}

/** All the texts together where they share image and premise, else each by itself: equal images are decoded once. */
function toQuestions({ images, texts, premises }: InferRequest): Question[] {
  const [image = new Uint8Array()] = images;
  const [premise] = premises;
  if (images.length === 1 && premises.length <= 1) return [{ image, hypotheses: texts, premise }];
  return texts.map((text, index) => ({
    image: images[index] ?? image,
    hypotheses: [text],
    premise: premises[index] ?? premise,
  }));
}
