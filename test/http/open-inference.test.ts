import { describe, expect, it } from 'vitest';
import { toAnswer } from '../../service/inference/answer.ts';
import { expectProblem, fakeService } from './fake-service.ts';
import type { FakeService } from './fake-service.ts';

const BASE64 = Buffer.from([1, 2, 3, 4]).toString('base64');
const OTHER = Buffer.from([9, 9]).toString('base64');

interface Tensor {
  readonly name: string;
  readonly shape?: readonly number[];
  readonly datatype?: string;
  readonly data: unknown;
}

function infer(
  { app }: FakeService,
  inputs: readonly Tensor[],
  more: object = {},
  { name = 'fake', headers = {} } = {},
): Promise<Response> {
  const body = {
    inputs: inputs.map((input) => ({
      shape: [Array.isArray(input.data) ? input.data.flat().length : 1],
      datatype: 'BYTES',
      ...input,
    })),
    ...more,
  };
  const init = {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  };
  return Promise.resolve(app.request(`/v2/models/${name}/infer`, init));
}

describe('the Open Inference Protocol', () => {
  it('tells of the server and the model', async () => {
    const { app } = fakeService();
    expect(await (await app.request('/v2')).json()).toMatchObject({
      name: 'ofa-ve',
      extensions: ['binary_tensor_data'],
    });
    const model = await app.request('/v2/models/fake');
    expect(await model.json()).toMatchObject({
      name: 'fake',
      platform: 'onnxruntime_onnx',
      inputs: [{ name: 'image', datatype: 'BYTES', shape: [-1] }, { name: 'text' }, { name: 'premise' }],
      outputs: expect.arrayContaining([
        { name: 'probabilities', datatype: 'FP32', shape: [-1, 3] },
      ]) as unknown,
    });
    const statuses = ['/v2/health/live', '/v2/health/ready', '/v2/models/fake/ready'].map(
      async (path) => (await app.request(path)).status,
    );
    expect(await Promise.all(statuses)).toEqual([200, 200, 200]);
    const leaving = fakeService({ ready: { ok: false, reason: 'leaving' } });
    expect((await leaving.app.request('/v2/health/ready')).status).toBe(503);
    expect((await leaving.app.request('/v2/health/live')).status).toBe(200);
  });

  it('judges several texts about one image', async () => {
    const service = fakeService();
    const response = await infer(
      service,
      [
        { name: 'image', data: [BASE64] },
        { name: 'text', data: ['a', 'b'] },
        { name: 'premise', data: ['it rains'] },
      ],
      { id: 'job-1' },
    );
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      model_name: 'fake',
      model_version: '0123456789ab',
      id: 'job-1',
      outputs: [
        { name: 'label', shape: [2], datatype: 'BYTES', data: ['yes', 'yes'] },
        { name: 'result', shape: [2], datatype: 'INT64', data: [0, 0] },
        { name: 'confidence', shape: [2], datatype: 'FP32', data: [0.5, 0.5] },
        { name: 'probabilities', shape: [2, 3], datatype: 'FP32', data: [0.5, 0.25, 0.25, 0.5, 0.25, 0.25] },
      ],
    });
    expect(service.asked).toMatchObject([{ hypotheses: ['a', 'b'], premise: 'it rains' }]);
  });

  it('judges each text about its own image, in order', async () => {
    const service = fakeService({
      predict: ({ image }) =>
        Promise.resolve([
          toAnswer(
            ['yes', 'no', 'maybe'],
            Float32Array.of(image.length / 8, 1 - image.length / 8, 0),
            Float32Array.of(0, 0, 0),
          ),
        ]),
    });
    const response = await infer(
      service,
      [
        { name: 'image', shape: [2, 1], data: [[BASE64], [OTHER]] },
        { name: 'text', shape: [2, 1], data: [['a'], ['b']] },
      ],
      { outputs: [{ name: 'probabilities' }] },
    );
    expect(await response.json()).toMatchObject({
      outputs: [{ name: 'probabilities', data: [0.5, 0.5, 0, 0.25, 0.75, 0] }],
    });
    expect(service.admission.held).toBe(0);
  });

  it.each([
    ['no image', [{ name: 'text', data: ['a'] }], 'missing-field', 'image'],
    ['no text', [{ name: 'image', data: [BASE64] }], 'missing-field', 'text'],
    ['another input', [{ name: 'audio', data: ['a'] }], 'invalid-field', 'inputs'],
    ['another type', [{ name: 'text', datatype: 'FP32', data: ['a'] }], 'invalid-field', 'inputs'],
    [
      'another shape',
      [
        { name: 'image', data: [BASE64] },
        { name: 'text', shape: [2], data: ['a'] },
      ],
      'invalid-field',
      'text',
    ],
    [
      'images and texts that do not match',
      [
        { name: 'image', data: [BASE64, OTHER] },
        { name: 'text', data: ['a', 'b', 'c'] },
      ],
      'invalid-field',
      'image',
    ],
    [
      'an image that is none',
      [
        { name: 'image', data: ['%%'] },
        { name: 'text', data: ['a'] },
      ],
      'invalid-field',
      'image',
    ],
    [
      '33 texts',
      [
        { name: 'image', data: [BASE64] },
        { name: 'text', data: Array(33).fill('a') },
      ],
      'invalid-field',
      'inputs',
    ],
    [
      'numbers',
      [
        { name: 'image', data: [BASE64] },
        { name: 'text', data: [1] },
      ],
      'invalid-field',
      'inputs',
    ],
  ] as [string, Tensor[], string, string][])('refuses %s', async (_, inputs, problem, field) => {
    const service = fakeService();
    const response = await infer(service, inputs);
    const copy = response.clone();
    const detail = await expectProblem(response, 400, problem, field);
    expect(await copy.json()).toHaveProperty('error', detail);
    expect(service.asked).toEqual([]);
  });

  it.each([
    [{ id: 4 }, 'id', 'The field "id" must be a text.'],
    [{ parameters: 1 }, 'parameters', 'The field "parameters" must be an object.'],
    [
      { parameters: { binary_data_output: 1 } },
      'parameters',
      'The field "parameters.binary_data_output" must be true or false.',
    ],
    [{ outputs: {} }, 'outputs', 'The field "outputs" must be a list of outputs.'],
    [{ outputs: ['label'] }, 'outputs', 'The field "outputs[0]" must be an object.'],
    [{ inputs: [] }, 'inputs', 'The field "inputs" must hold an input.'],
    [{ inputs: ['a'] }, 'inputs', 'The field "inputs[0]" must be an object.'],
    [
      { inputs: [{ name: 'text', shape: [0.5], datatype: 'BYTES', data: ['a'] }] },
      'inputs',
      'The field "inputs[0].shape[0]" must be a whole number.',
    ],
    [
      { inputs: [{ name: 'text', shape: [1], datatype: 'BYTES', parameters: { binary_data_size: -1 } }] },
      'inputs',
      'The field "inputs[0].parameters.binary_data_size" must be a whole number.',
    ],
    [
      { inputs: [{ name: 'text', shape: [1], datatype: 'FP32', data: [1] }] },
      'inputs',
      'The field "inputs[0].datatype" must be BYTES.',
    ],
  ])('says in a sentence what is wrong with %j', async (more, field, sentence) => {
    const response = await infer(fakeService(), [{ name: 'text', data: ['a'] }], more);
    expect(await expectProblem(response, 400, 'invalid-field', field)).toBe(sentence);
  });

  it('gives every output where none is named', async () => {
    const inputs = [
      { name: 'image', data: [BASE64] },
      { name: 'text', data: ['a'] },
    ];
    const response = await infer(fakeService(), inputs, { outputs: [] });
    expect(await response.json()).toHaveProperty('outputs.length', 4);
  });

  it('refuses another model, another version, and outputs that it does not have', async () => {
    const inputs = [
      { name: 'image', data: [BASE64] },
      { name: 'text', data: ['a'] },
    ];
    const elsewhere = [await infer(fakeService(), inputs, {}, { name: 'bert' })];
    for (const path of [
      '/v2/models/bert',
      '/v2/models/fake/versions/1',
      '/v2/nothing',
      '/v2/models/fake/ready/',
    ]) {
      elsewhere.push(await fakeService().app.request(path));
    }
    for (const response of elsewhere) {
      // Where the protocol's clients look for what went wrong.
      expect(await response.clone().json()).toHaveProperty('error');
      await expectProblem(response, 404, 'not-found');
    }
    const service = fakeService();
    await expectProblem(
      await infer(service, inputs, { outputs: [{ name: 'logits' }] }),
      400,
      'invalid-field',
      'outputs',
    );
    expect(service.asked).toEqual([]);
  });

  it('takes the version, of which there is one, in every path', async () => {
    const { app, summaries } = fakeService();
    const path = '/v2/models/fake/versions/0123456789ab';
    expect(await (await app.request(path)).json()).toEqual(
      await (await app.request('/v2/models/fake')).json(),
    );
    expect((await app.request(`${path}/ready`)).status).toBe(200);
    const body = JSON.stringify({
      inputs: [
        { name: 'image', shape: [1], datatype: 'BYTES', data: [BASE64] },
        { name: 'text', shape: [1], datatype: 'BYTES', data: ['a'] },
      ],
    });
    expect((await app.request(`${path}/infer`, { method: 'POST', body })).status).toBe(200);
    // What counts predictions need not know of versions.
    expect(summaries.at(-1)?.route).toBe('/v2/models/:name/infer');
  });

  it('asks for an API key with and without a version', async () => {
    const { app } = fakeService({ deps: { apiKeys: { has: () => false, close: () => undefined } } });
    for (const path of ['infer', 'versions/0123456789ab/infer']) {
      const response = await app.request(`/v2/models/fake/${path}`, { method: 'POST', body: '{}' });
      expect(await response.clone().json()).toHaveProperty('error');
      await expectProblem(response, 401, 'unauthorized');
    }
  });

  it('judges each text with its own premise', async () => {
    const service = fakeService();
    const response = await infer(service, [
      { name: 'image', data: [BASE64] },
      { name: 'text', data: ['a', 'b'] },
      { name: 'premise', data: ['it rains', 'it snows'] },
    ]);
    expect(response.status).toBe(200);
    expect(service.asked.map(({ hypotheses, premise }) => [hypotheses, premise])).toEqual([
      [['a'], 'it rains'],
      [['b'], 'it snows'],
    ]);
  });
});
