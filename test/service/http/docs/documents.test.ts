import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { PATHS } from '../../../../service/contract.ts';
import { PROBLEMS } from '../../../../service/requests/problem.ts';
import { tempFolder } from '../../../../testing/temp-folder.ts';
import { fakeKeys, fakeService, type FakeServiceOptions } from '../fake-service.ts';

const responseSchema = z.object({
  description: z.string(),
  content: z.record(z.string(), z.unknown()).default({}),
  headers: z.record(z.string(), z.unknown()).default({}),
});
const documentSchema = z.object({
  openapi: z.string(),
  info: z.object({ version: z.string() }),
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        operationId: z.string(),
        requestBody: z.object({ content: z.record(z.string(), z.unknown()) }).optional(),
        security: z.array(z.record(z.string(), z.array(z.string()))).optional(),
        responses: z.record(z.string(), responseSchema),
      }),
    ),
  ),
  components: z.object({
    schemas: z.record(z.string(), z.unknown()),
    securitySchemes: z.record(z.string(), z.unknown()),
  }),
});

const apiKeys = fakeKeys();
const withDemo = { deps: { demo: true, apiKeys } };

async function rawDocument(options: FakeServiceOptions = withDemo): Promise<Record<string, unknown>> {
  const response = await fakeService(options).app.request(PATHS.openapi);
  expect(response.status).toBe(200);
  return (await response.json()) as Record<string, unknown>;
}

async function document(): Promise<z.infer<typeof documentSchema>> {
  return documentSchema.parse(await rawDocument());
}

interface Media {
  readonly schema: object;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

/** Every body in a document, of requests and responses. */
function mediaIn(value: unknown): Media[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]: [string, unknown]) =>
    key === 'content' ? (Object.values(each as object) as Media[]) : mediaIn(each),
  );
}

/** Every schema in a document. */
function schemasIn(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]: [string, unknown]) => {
    if (key === 'schema') return [each];
    return key === 'schemas' ? (Object.values(each as object) as unknown[]) : schemasIn(each);
  });
}

describe('the OpenAPI document', () => {
  it('conforms to OpenAPI 3.1, and its schemas to JSON Schema', async () => {
    const raw = await rawDocument();
    const schemas = schemasIn(raw);
    expect(await new Validator().validate(raw)).toEqual({ valid: true });
    expect(schemas.length).toBeGreaterThan(50);
    const ajv = new Ajv2020();
    for (const schema of schemas) {
      expect([ajv.validateSchema(schema as object), schema, ajv.errors]).toEqual([true, schema, null]);
    }
  });

  it('lists the routes, predictions first, with one type of body for each operation', async () => {
    const { openapi, paths } = await document();
    expect(openapi).toBe('3.1.0');
    expect(Object.keys(paths).slice(0, 6)).toEqual([
      PATHS.predict,
      PATHS.predictJson,
      PATHS.live,
      PATHS.ready,
      PATHS.health,
      PATHS.startup,
    ]);
    const typesOf = (path: string): string[] => Object.keys(paths[path]?.['post']?.requestBody?.content ?? {});
    expect(typesOf(PATHS.predict)).toEqual(['multipart/form-data']);
    expect(typesOf(PATHS.predictJson)).toEqual(['application/json']);
  });

  it('has only types that generators of clients can read', async () => {
    const { components } = await document();
    const json = JSON.stringify(components);
    // Half of the generators cannot read unions, and without a format they take numbers for decimals or 32 bits.
    expect(json).not.toMatch(/"(anyOf|oneOf|allOf)"/);
    expect(json.match(/"type":"number"/g)?.length).toBe(json.match(/"type":"number","format":"double"/g)?.length);
    const long = expect.objectContaining({ type: 'integer', format: 'int64' }) as unknown;
    expect(components.schemas).toMatchObject({
      StatisticDuration: { properties: { count: long, ns: long } },
      ModelStatistics: { properties: { last_inference: long, inference_count: long, execution_count: long } },
    });
  });

  it('describes every error of a prediction', async () => {
    const { paths } = await document();
    const responses = paths[PATHS.predict]?.['post']?.responses ?? {};
    for (const [name, { status }] of Object.entries(PROBLEMS)) {
      if (name === 'not-found') continue;
      expect(responses[status]?.description).toContain(name);
      expect(Object.keys(responses[status]?.content ?? {})).toEqual(['application/problem+json']);
    }
  });

  it('gives the content type of errors', async () => {
    const { paths } = await document();
    for (const [path, methods] of Object.entries(paths)) {
      const type = path.startsWith('/v2') ? 'application/json' : 'application/problem+json';
      const responses = Object.values(methods).flatMap((method) => Object.values(method.responses));
      const problems = responses.filter(({ content }) => JSON.stringify(content).includes('schemas/Problem'));
      expect(problems.map(({ content }) => Object.keys(content))).toEqual(problems.map(() => [type]));
    }
  });

  it('describes API keys and Retry-After', async () => {
    const { paths, components } = await document();
    for (const path of [
      PATHS.predict,
      '/v2/models/{name}/infer',
      '/v2/models/{name}/versions/{version}/infer',
      '/demo/pixels',
    ]) {
      const operation = paths[path]?.['post'];
      const security = operation?.security ?? [];
      expect(security.flatMap(Object.keys)).toEqual(Object.keys(components.securitySchemes));
      expect(Object.keys(operation?.responses ?? {})).toEqual(expect.arrayContaining(['401', '403']));
      for (const status of ['429', '503']) {
        expect(Object.keys(operation?.responses[status]?.headers ?? {})).toEqual(['Retry-After']);
      }
    }
    expect(components.securitySchemes).toMatchObject({
      bearer: { type: 'http', scheme: 'bearer' },
      apiKey: { in: 'header', name: 'X-API-Key' },
    });
  });

  it('has the examples and the knowledge of the package', async () => {
    const folder = tempFolder();
    const file = join(folder, 'a.png');
    await writeFile(file, Uint8Array.of(1, 2, 3));
    const sentences = [{ hypothesis: 'it rains', premise: 'wet' }, { hypothesis: 'a cat' }, { hypothesis: 'a dog' }];
    const examples = [{ image: 'a.png', file, mediaType: 'image/png', sentences }] as const;
    const { predictor } = fakeService();
    const model = { ...predictor.model, knows: 'Cats & <b>dogs</b>.' };
    const { app } = fakeService({ deps: { examples, predictor: { ...predictor, model } } });
    const text = await (await app.request(PATHS.openapi)).text();
    expect(text).toContain(String.raw`What the model knows: Cats & \\<b\\>dogs\\</b\\>.`);
    expect(text).toContain('"value":{"image":"AQID","texts":["a cat","a dog"]}');
    expect(text).not.toMatch(/two red squares|it rains/);
    // Another service of this process has none.
    expect(JSON.stringify(await rawDocument())).toContain('two red squares');
  });

  it('asks for keys only where they are needed', async () => {
    const { paths } = await document();
    const open = Object.values(paths).flatMap(({ get }) => get ?? []);
    expect(open.length).toBeGreaterThan(5);
    for (const { security } of open) expect(security).toBeUndefined();
    expect(await rawDocument()).toHaveProperty('security', []);
    const withoutKeys = JSON.stringify(await rawDocument({}));
    expect(withoutKeys).not.toMatch(/securitySchemes|bearer|X-API-Key|"40[13]"|unauthorized|forbidden/);
  });

  it.each([withDemo, {}])('has nothing that Redocly would change', async (options) => {
    const config = await createConfig({
      extends: ['recommended'],
      rules: { 'no-invalid-parameter-examples': 'error', 'no-invalid-schema-examples': 'error' },
    });
    const source = JSON.stringify(await rawDocument(options));
    const problems = await lintFromString({ source, config });
    expect(problems.map(({ message, location }) => [message, location[0]?.pointer])).toEqual([]);
  });

  it('has valid examples, one for each problem', async () => {
    const raw = await rawDocument();
    const { components } = raw;
    const ajv = new Ajv2020({ strict: false, formats: { binary: true } });
    const media = mediaIn(raw).filter(({ examples }) => examples !== undefined);
    expect(media.length).toBeGreaterThan(50);
    for (const { schema, examples = {} } of media) {
      const validate = ajv.compile({ ...schema, components });
      for (const { value } of Object.values(examples)) {
        expect([validate(value), value, validate.errors]).toEqual([true, value, null]);
      }
    }
    const text = JSON.stringify(raw);
    for (const name of Object.keys(PROBLEMS)) expect(text).toContain(`errors.md#${name}"`);
  });

  it('describes every route of the API', async () => {
    const { app } = fakeService(withDemo);
    const { paths } = await document();
    // All routes except the pages and their files.
    const declared = app.routes.filter(
      ({ method, path }) => method !== 'ALL' && !(method === 'GET' && /^\/(docs|demo|openapi|$)/.test(path)),
    );
    for (const { method, path } of declared) {
      const at = path.replaceAll(/:(\w+)/g, '{$1}');
      expect(Object.keys(paths[at] ?? {}), at).toContain(method.toLowerCase());
    }
    expect(declared.length).toBeGreaterThan(10);
    expect(paths).toHaveProperty(['/demo/pixels', 'post']);
    const { app: without } = fakeService();
    expect(await (await without.request(PATHS.openapi)).text()).not.toContain('/demo/pixels');
  });

  it('gives each operation a unique id and documents 405', async () => {
    const { paths } = await document();
    const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
    const names = operations.map(({ operationId }) => operationId);
    expect(new Set(names).size).toBe(names.length);
    for (const { responses } of operations) {
      expect(Object.keys(responses['405']?.headers ?? {})).toEqual(['Allow']);
    }
  });

  it('describes binary tensors', async () => {
    const { paths } = await document();
    for (const model of ['/v2/models/{name}', '/v2/models/{name}/versions/{version}']) {
      const operation = paths[`${model}/infer`]?.['post'];
      const answer = operation?.responses['200'];
      const types = ['application/json', 'application/octet-stream'];
      expect(Object.keys(operation?.requestBody?.content ?? {})).toEqual(types);
      expect(Object.keys(answer?.content ?? {})).toEqual(types);
      expect(Object.keys(answer?.headers ?? {})).toEqual(['Inference-Header-Content-Length']);
    }
  });

  it('has every schema that it refers to', async () => {
    const text = JSON.stringify(await document());
    const { components } = await document();
    for (const [, name = ''] of text.matchAll(/#\/components\/schemas\/(\w+)/g)) {
      expect(Object.keys(components.schemas)).toContain(name);
    }
  });
});

it('serves Swagger UI without loading anything from elsewhere', async () => {
  const { app } = fakeService();
  const page = await app.request(PATHS.docs);
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  const html = await page.text();
  expect(html).not.toMatch(/https?:\/\//);
  const assets = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address = '']) => address);
  expect(assets).toContain('docs/swagger-ui-bundle.js');
  for (const asset of assets.filter((address) => !address.startsWith('data:'))) {
    expect([asset, (await app.request(`/${asset}`)).status]).toEqual([asset, 200]);
  }
});

it('leads from /docs/ to the page, whatever the prefix under which a proxy serves it', async () => {
  const response = await fakeService().app.request(`${PATHS.docs}/`);
  expect([response.status, response.headers.get('location')]).toEqual([308, '../docs']);
});

it.each([PATHS.docs, PATHS.openapi, `${PATHS.docs}/swagger-ui.css`])('has no %s when turned off', async (path) => {
  const { app } = fakeService({ deps: { documents: false } });
  expect((await app.request(path)).status).toBe(404);
});
