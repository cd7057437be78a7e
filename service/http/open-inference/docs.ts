import { createRoute, z, type RouteConfig } from '@hono/zod-openapi';
import {
  indexRequestSchema,
  indexSchema,
  modelConfigSchema,
  modelMetadataSchema,
  statisticsSchema,
} from '../../open-inference/management-schema.ts';
import { OPEN_INFERENCE_PREFIX } from '../../contract.ts';
import { MODEL_VERSION } from '../../open-inference/model.ts';
import type { App } from '../context.ts';
import {
  inferAnswerSchema,
  inferBodySchema,
  JSON_LENGTH_HEADER,
  modelReadySchema,
  serverLiveSchema,
  serverMetadataSchema,
  serverReadySchema,
} from './schema.ts';
import { EXAMPLE_IMAGE, EXAMPLE_TEXTS } from '../predict/schema.ts';
import { KEY_SECURITY, PREDICTION_ERRORS, REQUEST_HEADERS } from '../serve/docs.ts';
import { JSON_TYPE } from '../../requests/problem.ts';
import { problemResponses } from '../problems/docs.ts';

/** The path of the model. */
export const MODEL_PATH = `${OPEN_INFERENCE_PREFIX}/models/:name`;
/** The path of a version of the model. There is only one, by the name 1 or the package's digest. */
export const VERSION_PATH = `${MODEL_PATH}/versions/:version`;
/** The path of the statistics of all models. */
export const STATISTICS_PATH = `${OPEN_INFERENCE_PREFIX}/models/stats`;
/** The path of the index of the model repository. */
export const INDEX_PATH = `${OPEN_INFERENCE_PREFIX}/repository/index`;
/** The path of an inference. */
export const INFER_PATH = `${MODEL_PATH}/infer`;
/** The path of an inference by a version of the model. */
export const VERSIONED_INFER_PATH = `${VERSION_PATH}/infer`;

const json = <Schema extends z.ZodType>(schema: Schema) => ({ 'application/json': { schema } });
const errors = (statuses: readonly number[]) => problemResponses(statuses, JSON_TYPE);
const params = z.object({ name: z.string().openapi({ example: 'ofa-demo' }) });
const versionParams = params.extend({ version: z.string().openapi({ example: MODEL_VERSION }) });
type Params = typeof params | typeof versionParams;
type Responses = RouteConfig['responses'];
const tags = ['open-inference-protocol'];

const BINARY = {
  'application/octet-stream': {
    schema: {
      type: 'string',
      format: 'binary',
      description: `The same JSON, followed by the tensors that it declares to be binary. ${JSON_LENGTH_HEADER} is the length of the JSON.`,
    },
  },
} as const;

const inferExamples = {
  one: {
    summary: 'One text',
    value: {
      inputs: [
        { name: 'image', datatype: 'BYTES', shape: [1], data: [EXAMPLE_IMAGE] },
        { name: 'text', datatype: 'BYTES', shape: [1], data: [EXAMPLE_TEXTS[0]] },
      ],
    },
  },
};

const inferRoute = {
  method: 'post',
  tags,
  summary: 'Judge texts about images by the Open Inference Protocol',
  security: KEY_SECURITY,
  request: {
    headers: REQUEST_HEADERS.extend({
      'Content-Encoding': z
        .string()
        .optional()
        .openapi({
          enum: ['gzip', 'deflate', 'identity'],
          description:
            'gzip or deflate, if the body is compressed. Answers are compressed where Accept-Encoding asks for it.',
        }),
      [JSON_LENGTH_HEADER]: z.string().optional().openapi({
        type: 'integer',
        minimum: 0,
        description:
          'Length of the uncompressed JSON in bytes if binary tensors follow it (extension binary_tensor_data). An image in a binary tensor is the file itself, or base64.',
      }),
    }),
    body: {
      required: true,
      content: { 'application/json': { schema: inferBodySchema, examples: inferExamples }, ...BINARY },
    },
  },
  responses: {
    200: {
      description: 'The outputs: in JSON, or behind it where requested',
      content: { ...json(inferAnswerSchema), ...BINARY },
      headers: {
        [JSON_LENGTH_HEADER]: {
          description: 'Length of the JSON in bytes if binary outputs follow it.',
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
  summary: "The model's inputs and outputs",
  responses: {
    200: { description: 'The metadata', content: json(modelMetadataSchema) },
    ...errors([404, 405]),
  },
} as const;

const yesOrNo = (schema: z.ZodType) => ({
  200: { description: 'Yes', content: json(schema) },
  503: { description: 'No', content: json(schema) },
});

const configRoute = {
  method: 'get',
  tags,
  summary: "The model's configuration, by Triton's extension",
  responses: {
    200: { description: 'The configuration', content: json(modelConfigSchema) },
    ...errors([404, 405]),
  },
} as const;

const statisticsRoute = {
  method: 'get',
  tags,
  summary: "Counters since the start of the service, by Triton's extension",
  responses: {
    200: { description: 'The statistics', content: json(statisticsSchema) },
    ...errors([404, 405]),
  },
} as const;

const indexRoute = {
  method: 'post',
  tags,
  operationId: 'repositoryIndex',
  summary: 'The model, its version and its state',
  security: KEY_SECURITY,
  request: { headers: REQUEST_HEADERS, body: { required: false, content: json(indexRequestSchema) } },
  responses: {
    200: { description: 'The index', content: json(indexSchema) },
    ...errors([400, 401, 403, 405, 408, 413, 415, 429, 500, 503, 504]),
  },
} satisfies Omit<RouteConfig, 'path'>;

const readyRoute = {
  method: 'get',
  tags,
  summary: 'Whether the model accepts inference requests',
  responses: { ...yesOrNo(modelReadySchema), ...errors([404, 405]) },
} as const;

/** Adds the protocol's routes to the OpenAPI document. */
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
  addServer('', 'serverMetadata', 'The server and its protocol extensions', {
    200: { description: 'The metadata', content: json(serverMetadataSchema) },
  });
  addServer('/health/live', 'serverLive', 'The same as livez', yesOrNo(serverLiveSchema));
  addServer('/health/ready', 'serverReady', 'The same as readyz', yesOrNo(serverReadySchema));
  add(STATISTICS_PATH, { ...statisticsRoute, operationId: 'statistics' });
  add(INDEX_PATH, indexRoute);
  const paths: [string, string, Params][] = [
    [MODEL_PATH, '', params],
    [VERSION_PATH, 'Version', versionParams],
  ];
  for (const [path, version, named] of paths) {
    const request = { params: named };
    add(path, { ...modelRoute, operationId: `model${version}Metadata`, request });
    add(`${path}/ready`, { ...readyRoute, operationId: `model${version}Ready`, request });
    add(`${path}/config`, { ...configRoute, operationId: `model${version}Config`, request });
    add(`${path}/stats`, { ...statisticsRoute, operationId: `model${version}Statistics`, request });
    add(`${path}/infer`, {
      ...inferRoute,
      operationId: `model${version}Infer`,
      request: { ...inferRoute.request, ...request },
    });
  }
}
