import { gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { fakeKeys, expectProblem, fakeService } from '../fake-service.ts';
import { BASE64, infer } from './infer.ts';

const no = { ok: false, reason: 'a reason' } as const;
const PREFIXES = ['/v2/models/fake', '/v2/models/fake/versions/1', '/v2/models/fake/versions/0123456789ab'];

it.each(PREFIXES)('the configuration is that of Triton (%s)', async (prefix) => {
  const response = await fakeService().app.request(`${prefix}/config`);
  expect(await response.json()).toEqual({
    name: 'fake',
    platform: 'onnxruntime_onnx',
    backend: 'onnxruntime',
    max_batch_size: 0,
    input: [
      { name: 'image', data_type: 'TYPE_STRING', dims: [-1], optional: false },
      { name: 'text', data_type: 'TYPE_STRING', dims: [-1], optional: false },
      { name: 'premise', data_type: 'TYPE_STRING', dims: [-1], optional: true },
    ],
    output: [
      { name: 'label', data_type: 'TYPE_STRING', dims: [-1] },
      { name: 'result', data_type: 'TYPE_INT64', dims: [-1] },
      { name: 'confidence', data_type: 'TYPE_FP32', dims: [-1] },
      { name: 'probabilities', data_type: 'TYPE_FP32', dims: [-1, 3] },
    ],
    parameters: {
      digest: { string_value: '0123456789ab' },
      precision: { string_value: 'fp32' },
      labels: { string_value: 'yes,no,maybe' },
    },
  });
});

it.each(['/v2/models', ...PREFIXES])('the statistics are those of the model (%s)', async (prefix) => {
  const response = await fakeService().app.request(`${prefix}/stats`);
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(await response.json()).toMatchObject({ model_stats: [{ name: 'fake', version: '1', inference_count: 0 }] });
});

it.each(['config', 'stats', 'versions/2/config', 'versions/2/stats'])('another model has no %s', async (path) => {
  const model = path.startsWith('versions') ? 'fake' : 'bert';
  await expectProblem(await fakeService().app.request(`/v2/models/${model}/${path}`), 404, 'not-found');
});

describe('the index of the repository', () => {
  const index = (
    service = fakeService(),
    body: string | Uint8Array<ArrayBuffer> | null = null,
    headers: Record<string, string> = {},
  ): Promise<Response> =>
    Promise.resolve(service.app.request('/v2/repository/index', { method: 'POST', body, headers }));

  it.each([null, '', 'null', '{}', '{"ready": null}', '{"ready": true}', '{"ready": false, "more": 1}'])(
    'has the model, whose state it gives (%s)',
    async (body) => {
      const READY = { name: 'fake', version: '1', state: 'READY', reason: '' };
      expect(await (await index(fakeService(), body)).json()).toEqual([READY]);
    },
  );

  it.each([
    ['UNAVAILABLE', { ready: no }],
    ['LOADING', { ready: no, started: no }],
  ] as const)('has a model that is %s unless only ready ones are asked for', async (state, options) => {
    const entry = { name: 'fake', version: '1', state, reason: 'a reason' };
    expect(await (await index(fakeService(options))).json()).toEqual([entry]);
    expect(await (await index(fakeService(options), '{"ready": true}')).json()).toEqual([]);
  });

  it('takes a compressed request, and refuses wrong and large ones', async () => {
    const compressed = Uint8Array.from(gzipSync('{"ready": true}'));
    expect((await index(fakeService(), compressed, { 'content-encoding': 'gzip' })).status).toBe(200);
    await expectProblem(await index(fakeService(), '[]'), 400, 'malformed-body');
    await expectProblem(await index(fakeService(), '{'), 400, 'malformed-body');
    await expectProblem(await index(fakeService(), '{"ready": 1}'), 400, 'invalid-field', 'ready');
    const service = fakeService({ maxBodyMb: 50 });
    await expectProblem(await index(service, ' '.repeat(1024 * 1024 + 1)), 413, 'body-too-large');
    expect([service.uploads.arriving, service.uploads.bytes]).toEqual([0, 0]);
  });

  it('requires an API key where predictions do', async () => {
    const apiKeys = fakeKeys();
    await expectProblem(await index(fakeService({ deps: { apiKeys } })), 401, 'unauthorized');
  });
});

describe('answers', () => {
  const inputs = [
    { name: 'image', data: [BASE64] },
    { name: 'text', data: ['a', 'b'] },
  ];

  it.each([
    ['gzip', gunzipSync],
    ['deflate', inflateSync],
  ] as const)('are compressed by %s when asked', async (encoding, decode) => {
    const headers = { 'accept-encoding': encoding };
    const plain = await infer(fakeService(), inputs);
    const response = await infer(fakeService(), inputs, {}, { headers });
    expect([response.headers.get('content-encoding'), response.headers.get('vary')]).toEqual([
      encoding,
      'Accept-Encoding',
    ]);
    expect(response.headers.get('content-type')).toBe(plain.headers.get('content-type'));
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(response.headers.get('content-length')).toBe(String(bytes.length));
    expect(decode(bytes).toString()).toBe(await plain.text());
  });

  it('with binary tensors are compressed as a whole; the length of their JSON is that before', async () => {
    const outputs = { parameters: { binary_data_output: true } };
    const plain = await infer(fakeService(), inputs, outputs);
    const response = await infer(fakeService(), inputs, outputs, { headers: { 'accept-encoding': 'gzip' } });
    const name = 'inference-header-content-length';
    expect(response.headers.get(name)).toBe(plain.headers.get(name));
    const content = gunzipSync(Buffer.from(await response.arrayBuffer()));
    expect(content.equals(Buffer.from(await plain.arrayBuffer()))).toBe(true);
    expect(JSON.parse(content.toString('utf8', 0, Number(plain.headers.get(name)))) as object).toHaveProperty(
      'outputs',
    );
  });

  it.each([undefined, 'identity', 'br', 'gzip;q=0', 'identity, gzip;q=0.5'])(
    'are not compressed for "Accept-Encoding: %s"',
    async (accepted) => {
      const headers: Record<string, string> = accepted === undefined ? {} : { 'accept-encoding': accepted };
      const response = await infer(fakeService(), inputs, {}, { headers });
      expect(response.headers.has('content-encoding')).toBe(false);
      expect(response.headers.get('vary')).toBe('Accept-Encoding');
      expect(await response.json()).toHaveProperty('outputs');
    },
  );

  it('that are errors or metadata are compressed, too', async () => {
    const { app } = fakeService();
    for (const [method, path] of [
      ['GET', '/v2'],
      ['GET', '/v2/models/fake'],
      ['GET', '/v2/models/bert'],
      ['GET', '/v2/health/ready'],
      ['DELETE', '/v2'],
      ['GET', '/v2/models/fake/infer'],
      ['OPTIONS', '/v2/models/fake'],
      ['GET', '/v2/nothing'],
    ] as const) {
      const response = await app.request(path, { method, headers: { 'accept-encoding': 'gzip, deflate' } });
      expect(response.headers.get('content-encoding'), path).toBe('gzip');
      expect(response.headers.get('x-request-id')).not.toBeNull();
      const content = gunzipSync(Buffer.from(await response.arrayBuffer())).toString();
      expect(JSON.parse(content)).toBeTypeOf('object');
    }
  });
});
