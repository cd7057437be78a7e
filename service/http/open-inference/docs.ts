import { createRoute, z } from '@hono/zod-openapi';
import type { RouteConfig } from '@hono/zod-openapi';
import { KEY_SECURITY } from '../middleware/api-keys.ts';
import type { App } from '../context.ts';
import { JSON_LENGTH_HEADER } from './request.ts';
import {
  inferAnswerSchema,
  inferBodySchema,
  modelMetadataSchema,
  modelReadySchema,
  serverLiveSchema,
  serverMetadataSchema,
  serverReadySchema,
} from './schema.ts';
import { PREDICTION_ERRORS, REQUEST_HEADERS } from '../predict/route.ts';
import { JSON_TYPE } from '../problems/problem.ts';
import { problemResponses } from '../problems/docs.ts';

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
type Responses = RouteConfig['responses'];
const tags = ['open-inference-protocol'];

const BINARY = {
  'application/octet-stream': {
    schema: {
      type: 'string',
      format: 'binary',
      description: `The same JSON, and behind it the tensors that it says are binary; its length is in ${JSON_LENGTH_HEADER}.`,
    },
  },
} as const;

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
    body: { required: true, content: { ...json(inferBodySchema), ...BINARY } },
  },
  responses: {
    200: {
      description: 'The outputs: in JSON, and behind it where that was asked for',
      content: { ...json(inferAnswerSchema), ...BINARY },
      headers: {
        [JSON_LENGTH_HEADER]: {
          description: 'Bytes of the JSON, where outputs follow it.',
          schema: { type: 'integer' },
        },
      },
    },
    ...errors([...PREDICTION_ERRORS, 404]),
  },
} satisfies Omit<RouteConfig, 'path'>;

const modelRoute = {
  method: 'get',
  tags,
  summary: 'What the model takes and gives',
  responses: {
    200: { description: 'The metadata', content: json(modelMetadataSchema) },
    ...errors([404, 405]),
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
  responses: { ...yesOrNo(modelReadySchema), ...errors([404, 405]) },
} as const;

/** Documents the protocol's routes. */
export function documentOpenInference(app: App): void {
  const add = (path: string, route: Omit<RouteConfig, 'path'>): void => {
    app.openAPIRegistry.registerPath(createRoute({ ...route, path: path.replaceAll(/:(\w+)/g, '{$1}') }));
  };
  const addServer = (path: string, operationId: string, summary: string, responses: Responses): void => {
    add(`${OPEN_INFERENCE_PREFIX}${path}`, {
      method: 'get',
      tags,
      operationId,
      summary,
      responses: { ...responses, ...errors([405]) },
    });
  };
  addServer('', 'serverMetadata', 'What the server is, and which extensions it knows', {
    200: { description: 'The metadata', content: json(serverMetadataSchema) },
  });
  addServer('/health/live', 'serverLive', 'The same as livez', yesOrNo(serverLiveSchema));
  addServer('/health/ready', 'serverReady', 'The same as readyz', yesOrNo(serverReadySchema));
  const paths: [string, string, Params][] = [
    [MODEL_PATH, '', params],
    [VERSION_PATH, 'Version', versionParams],
  ];
  for (const [path, version, named] of paths) {
    const request = { params: named };
    add(path, { ...modelRoute, operationId: `model${version}Metadata`, request });
    add(`${path}/ready`, { ...readyRoute, operationId: `model${version}Ready`, request });
    add(`${path}/infer`, {
      ...inferRoute,
      operationId: `model${version}Infer`,
      request: { ...inferRoute.request, ...request },
    });
  }
}
