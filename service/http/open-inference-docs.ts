import { createRoute, z } from '@hono/zod-openapi';
import type { RouteConfig } from '@hono/zod-openapi';
import { KEY_SECURITY } from './api-keys.ts';
import type { App } from './context.ts';
import { JSON_LENGTH_HEADER } from './open-inference-request.ts';
import {
  inferAnswerSchema,
  inferBodySchema,
  modelMetadataSchema,
  modelReadySchema,
  serverLiveSchema,
  serverMetadataSchema,
  serverReadySchema,
} from './open-inference-schema.ts';
import { REQUEST_HEADERS } from './predict.ts';
import { JSON_TYPE } from './problem.ts';
import { problemResponses } from './problem-docs.ts';

/** The protocol's paths begin with this. */
export const OPEN_INFERENCE_PREFIX = '/v2';

/** The path of the model. */
export const MODEL_PATH = `${OPEN_INFERENCE_PREFIX}/models/:name`;
/** The path of a version of the model. There is but one: the package's digest. */
export const VERSION_PATH = `${MODEL_PATH}/versions/:version`;
/** The path of an inference, as it is declared. */
export const INFER_PATH = `${MODEL_PATH}/infer`;
/** The same, of a version of the model. */
export const VERSIONED_INFER_PATH = `${VERSION_PATH}/infer`;

const json = <Schema extends z.ZodType>(schema: Schema) => ({ 'application/json': { schema } });
const errors = (statuses: readonly number[]) => problemResponses(statuses, JSON_TYPE);
const params = z.object({ name: z.string().openapi({ example: 'ofa-demo' }) });
const versionParams = params.extend({ version: z.string() });
type Params = typeof params | typeof versionParams;
const tags = ['open-inference-protocol'];

const inferRoute = {
  method: 'post',
  tags,
  summary: 'Judge texts about an image, in the Open Inference Protocol',
  security: KEY_SECURITY,
  request: {
    headers: REQUEST_HEADERS.extend({
      [JSON_LENGTH_HEADER]: z.string().optional().openapi({
        description:
          'Bytes of the JSON, where binary tensors follow it (extension binary_tensor_data). An image in one is the file itself, or base64.',
      }),
    }),
    body: { required: true, content: json(inferBodySchema) },
  },
  responses: {
    200: { description: 'The outputs', content: json(inferAnswerSchema) },
    ...errors([400, 401, 403, 404, 413, 415, 422, 429, 500, 503, 504]),
  },
} satisfies Omit<RouteConfig, 'path'>;

const modelRoute = {
  method: 'get',
  tags,
  summary: 'What the model takes and gives',
  responses: {
    200: { description: 'The metadata', content: json(modelMetadataSchema) },
    ...errors([404]),
  },
} as const;

const yesOrNo = (schema: z.ZodType) => ({
  200: { description: 'Yes', content: json(schema) },
  503: { description: 'No', content: json(schema) },
});

const readyRoute = {
  method: 'get',
  tags,
  summary: 'Whether the model should be sent inferences',
  responses: { ...yesOrNo(modelReadySchema), ...errors([404]) },
} as const;

/** Documents the protocol's routes. */
export function documentOpenInference(app: App): void {
  const add = (path: string, route: Omit<RouteConfig, 'path'>): void => {
    app.openAPIRegistry.registerPath(createRoute({ ...route, path: path.replaceAll(/:(\w+)/g, '{$1}') }));
  };
  add(OPEN_INFERENCE_PREFIX, {
    method: 'get',
    tags,
    summary: 'What the server is, and which extensions it knows',
    responses: { 200: { description: 'The metadata', content: json(serverMetadataSchema) } },
  });
  add(`${OPEN_INFERENCE_PREFIX}/health/live`, {
    method: 'get',
    tags,
    summary: 'The same as livez',
    responses: yesOrNo(serverLiveSchema),
  });
  add(`${OPEN_INFERENCE_PREFIX}/health/ready`, {
    method: 'get',
    tags,
    summary: 'The same as readyz',
    responses: yesOrNo(serverReadySchema),
  });
  const paths: [string, Params][] = [
    [MODEL_PATH, params],
    [VERSION_PATH, versionParams],
  ];
  for (const [path, named] of paths) {
    add(path, { ...modelRoute, request: { params: named } });
    add(`${path}/ready`, { ...readyRoute, request: { params: named } });
    add(`${path}/infer`, { ...inferRoute, request: { ...inferRoute.request, params: named } });
  }
}
