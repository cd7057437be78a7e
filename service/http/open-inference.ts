import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { version } from '../../model/version.ts';
import type { Answer } from '../inference/answer.ts';
import type { ModelInfo } from '../inference/predictor.ts';
import { readBytes } from './body.ts';
import type { App, AppEnv } from './context.ts';
import { inferAnswerSchema, inferBodySchema, modelMetadataSchema } from './open-inference-schema.ts';
import type { InferBody } from './open-inference-schema.ts';
import { checkBody, decodeImage, parseJson } from './predict-input.ts';
import { servePlace } from './predict.ts';
import type { PredictDeps } from './predict.ts';
import { HttpProblem } from './problem.ts';
import { problemResponses } from './problem-docs.ts';

/** The protocol's paths begin with this. */
export const OPEN_INFERENCE_PREFIX = '/v2';

/** The path of an inference, as it is declared. */
export const INFER_PATH = `${OPEN_INFERENCE_PREFIX}/models/:name/infer`;

const json = <Schema extends z.ZodType>(schema: Schema) => ({ 'application/json': { schema } });
const params = z.object({ name: z.string() });
const tags = ['open inference protocol'];

const inferRoute = createRoute({
  method: 'post',
  path: '/v2/models/{name}/infer',
  tags,
  summary: 'Judge texts about an image, in the Open Inference Protocol',
  request: { params, body: { required: true, content: json(inferBodySchema) } },
  responses: {
    200: { description: 'The outputs', content: json(inferAnswerSchema) },
    ...problemResponses([400, 401, 403, 404, 413, 415, 422, 429, 500, 503, 504]),
  },
});

const modelRoute = createRoute({
  method: 'get',
  path: '/v2/models/{name}',
  tags,
  summary: 'What the model takes and gives',
  request: { params },
  responses: {
    200: { description: 'The metadata', content: json(modelMetadataSchema) },
    ...problemResponses([404]),
  },
});

/**
 * Adds the Open Inference Protocol, so that clients of KServe and Triton work. Inputs are BYTES: `image` (base64; one,
 * or one for each text), `text`, and optionally one `premise`.
 */
export function addOpenInference(app: App, deps: PredictDeps): void {
  const { model } = deps.predictor;
  const checkName = (c: Context<AppEnv>): void => {
    if (c.req.param('name') !== model.name) {
      throw new HttpProblem('not-found', `There is no such model; the one here is ${model.name}.`);
    }
  };
  app.get(OPEN_INFERENCE_PREFIX, (c) => c.json({ name: 'ofa-ve', version, extensions: [] }));
  app.get('/v2/health/live', (c) => c.body(null, deps.health.live().ok ? 200 : 503));
  app.get('/v2/health/ready', (c) => c.body(null, deps.health.ready().ok ? 200 : 503));
  app.get('/v2/models/:name/ready', (c) => {
    checkName(c);
    return c.body(null, deps.health.ready().ok ? 200 : 503);
  });
  app.openAPIRegistry.registerPath(modelRoute);
  app.get('/v2/models/:name', (c) => {
    checkName(c);
    return c.json(metadata(model));
  });
  app.openAPIRegistry.registerPath(inferRoute);
  app.post(INFER_PATH, async (c) => {
    checkName(c);
    const { body, answers } = await infer(c, deps);
    return c.json(toOutputs(model, body, answers));
  });
}

function metadata(model: ModelInfo): z.infer<typeof modelMetadataSchema> {
  return {
    name: model.name,
    versions: [model.digest],
    platform: 'onnxruntime_onnx',
    inputs: ['image', 'text', 'premise'].map((name) => ({ name, datatype: 'BYTES', shape: [-1] })),
    outputs: [
      { name: 'label', datatype: 'BYTES', shape: [-1] },
      { name: 'result', datatype: 'INT64', shape: [-1] },
      { name: 'confidence', datatype: 'FP32', shape: [-1] },
      { name: 'probabilities', datatype: 'FP32', shape: [-1, model.answers.length] },
    ],
  };
}

function infer(
  c: Context<AppEnv>,
  deps: PredictDeps,
): Promise<{ body: InferBody; answers: readonly Answer[] }> {
  if (c.req.header('inference-header-content-length') !== undefined) {
    const detail = 'Binary tensors are not supported; send the data as JSON (binary_data=False).';
    throw new HttpProblem('unsupported-media-type', detail, {
      field: 'Inference-Header-Content-Length',
    });
  }
  return servePlace(c, deps, async (signal, place) => {
    const bytes = await readBytes(c.req.raw, deps.limits.maxBodyMb, signal);
    const body = checkBody(inferBodySchema, parseJson(bytes));
    const { images, texts, premise } = readInputs(body);
    place.resize(texts.length);
    const observer = c.get('record');
    observer.attributes['texts'] = texts.length;
    const judged = await Promise.all(
      byImage(images, texts).map(({ image, hypotheses }) =>
        deps.predictor.predict({
          image: decodeImage(image, 'image'),
          hypotheses,
          premise,
          signal,
          observer,
        }),
      ),
    );
    const answers = judged.flat();
    deps.admission.answered(answers.length);
    return { body, answers };
  });
}

interface Inputs {
  readonly images: readonly string[];
  readonly texts: readonly string[];
  readonly premise: string | undefined;
}

function readInputs({ inputs }: InferBody): Inputs {
  const dataOf = (name: string): readonly string[] | undefined => {
    const [input, ...others] = inputs.filter((each) => each.name === name);
    if (others.length > 0) throw invalid(name, 'may be given only once');
    if (input === undefined) return undefined;
    const size = input.shape.reduce((product, side) => product * side, 1);
    if (size !== input.data.length) {
      throw invalid(name, `has ${input.data.length} elements where its shape says ${size}`);
    }
    return input.data;
  };
  const [images, texts, premises] = [dataOf('image'), dataOf('text'), dataOf('premise')];
  if (images === undefined) throw missing('image');
  if (texts === undefined) throw missing('text');
  if (images.length !== 1 && images.length !== texts.length) {
    throw invalid('image', `must hold one element, or as many as "text", which has ${texts.length}`);
  }
  if (premises !== undefined && premises.length > 1) throw invalid('premise', 'must hold one element');
  return { images, texts, premise: premises?.[0] };
}

/** One image with all the texts, or each text with its own. */
function byImage(
  images: readonly string[],
  texts: readonly string[],
): { image: string; hypotheses: readonly string[] }[] {
  const [only = ''] = images;
  if (images.length === 1) return [{ image: only, hypotheses: texts }];
  return images.map((image, index) => ({ image, hypotheses: [texts[index] ?? ''] }));
}

function toOutputs(
  model: ModelInfo,
  body: InferBody,
  answers: readonly Answer[],
): z.infer<typeof inferAnswerSchema> {
  const count = answers.length;
  const outputs: z.infer<typeof inferAnswerSchema>['outputs'] = [
    { name: 'label', datatype: 'BYTES', shape: [count], data: answers.map(({ label }) => label) },
    { name: 'result', datatype: 'INT64', shape: [count], data: answers.map(({ result }) => result) },
    {
      name: 'confidence',
      datatype: 'FP32',
      shape: [count],
      data: answers.map(({ confidence }) => confidence),
    },
    {
      name: 'probabilities',
      datatype: 'FP32',
      shape: [count, model.answers.length],
      data: answers.flatMap(({ scores }) => Object.values(scores)),
    },
  ];
  const wanted = body.outputs?.map(({ name }) => name);
  const unknown = wanted?.find((name) => !outputs.some((output) => output.name === name));
  if (unknown !== undefined) throw invalid('outputs', 'names an output that the model does not have');
  return {
    model_name: model.name,
    model_version: model.digest,
    ...(body.id === undefined ? {} : { id: body.id }),
    outputs: outputs.filter(({ name }) => wanted?.includes(name) ?? true),
  };
}

function invalid(field: string, what: string): HttpProblem {
  return new HttpProblem('invalid-field', `The input "${field}" ${what}.`, { field });
}

function missing(field: string): HttpProblem {
  return new HttpProblem('missing-field', `The input "${field}" is missing.`, { field });
}
