import { createRoute, type RouteConfig, type z } from '@hono/zod-openapi';
import { IMAGE_LIMITS } from '../../../model/input/pixels/limits.ts';
import { PATHS } from '../../contract.ts';
import type { ModelInfo } from '../../inference/predictor.ts';
import type { PredictDeps } from '../../requests/serve.ts';
import type { App } from '../context.ts';
import { KEY_SECURITY, PREDICTION_ERRORS, REQUEST_HEADERS } from '../serve/docs.ts';
import { problemResponses } from '../problems/docs.ts';
import {
  EXAMPLE_IMAGE,
  EXAMPLE_TEXTS,
  formBodySchema,
  formEncoding,
  jsonBodySchema,
  MAX_PARTS,
  predictionSchema,
  type judgementSchema,
} from './schema.ts';

/** Adds both operations of a prediction to the OpenAPI document. */
export function documentPredict(app: App, { predictor: { model }, limits }: PredictDeps): void {
  const common = {
    method: 'post',
    tags: ['predictions'],
    security: KEY_SECURITY,
    responses: {
      200: {
        description: 'The judgement, or `results` with the judgements on several texts in the order of the texts.',
        content: { 'application/json': { schema: predictionSchema, examples: answerExamples(model) } },
      },
      ...problemResponses(PREDICTION_ERRORS),
    },
  } satisfies Omit<RouteConfig, 'path'>;
  const bounds = `The image is judged upright, as its EXIF or XMP says, unless the setting IMAGE_ORIENTATION is stored. The body may have ${limits.maxBodyMb} MiB, also after its decompression (Content-Encoding gzip or deflate), and the image ${IMAGE_LIMITS}. There may be no more texts than the setting MAX_QUEUE.`;
  app.openAPIRegistry.registerPath(
    createRoute({
      ...common,
      path: PATHS.predict,
      operationId: 'predict',
      summary: 'Judge whether an image entails a text',
      description: `Takes the JSON of \`${PATHS.predictJson}\`, too. A form may have ${MAX_PARTS} parts; unknown ones are ignored, with a warning in the answer. ${bounds}`,
      request: {
        headers: REQUEST_HEADERS,
        body: {
          required: true,
          content: { 'multipart/form-data': { schema: formBodySchema, encoding: formEncoding } },
        },
      },
    }),
  );
  // A path of its own, since most generators of clients support one type of body for each operation.
  app.openAPIRegistry.registerPath(
    createRoute({
      ...common,
      path: PATHS.predictJson,
      operationId: 'predictJson',
      summary: 'Judge whether an image entails a text, in JSON',
      description: `Answers as \`${PATHS.predict}\` does. Unknown members are ignored, with a warning in the answer. ${bounds}`,
      request: {
        headers: REQUEST_HEADERS,
        body: {
          required: true,
          content: { 'application/json': { schema: jsonBodySchema, examples: jsonExamples } },
        },
      },
    }),
  );
}

const [oneText] = EXAMPLE_TEXTS;
const jsonExamples = {
  one: { summary: 'One text', value: { image: EXAMPLE_IMAGE, text: oneText } },
  several: { summary: 'Several texts', value: { image: EXAMPLE_IMAGE, texts: EXAMPLE_TEXTS } },
};

function answerExamples({ name, precision, digest, labels }: ModelInfo) {
  const common = {
    labels: [...labels],
    latency_ms: 87.4,
    model: { name, precision, digest },
    request_id: '0b9c0d0e-7c0f-4f6e-9a53-0c2b6f0d7f2e',
  };
  const one: z.infer<typeof predictionSchema> = { ...exampleJudgement(labels, 1), ...common };
  const results = EXAMPLE_TEXTS.map((_, index) => exampleJudgement(labels, index));
  const several: z.infer<typeof predictionSchema> = { results, ...common };
  return { one: { summary: 'One text', value: one }, several: { summary: 'Several texts', value: several } };
}

function exampleJudgement(labels: readonly string[], result: number): z.infer<typeof judgementSchema> {
  const confidence = 0.9;
  const rest = (1 - confidence) / (labels.length - 1);
  const scores = Object.fromEntries(labels.map((label, index) => [label, index === result ? confidence : rest]));
  return { result, label: labels[result] ?? '', confidence, scores };
}
