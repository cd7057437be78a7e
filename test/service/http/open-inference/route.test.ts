import { describe, expect, it } from 'vitest';
import { toAnswer } from '../../../../service/inference/answer.ts';
import { fakeService } from '../fake-service.ts';
import { BASE64, infer, OTHER } from './infer.ts';

const no = { ok: false, reason: 'a reason' } as const;

describe('the Open Inference Protocol', () => {
  it('describes the server and the model', async () => {
    const { app } = fakeService();
    expect(await (await app.request('/v2')).json()).toMatchObject({
      name: 'ofa-ve',
      extensions: ['binary_tensor_data', 'model_configuration', 'statistics'],
    });
    const model = await app.request('/v2/models/fake');
    expect(await model.json()).toMatchObject({
      name: 'fake',
      versions: ['1', '0123456789ab'],
      platform: 'onnxruntime_onnx',
      inputs: [{ name: 'image', datatype: 'BYTES', shape: [-1] }, { name: 'text' }, { name: 'premise' }],
      outputs: expect.arrayContaining([{ name: 'probabilities', datatype: 'FP32', shape: [-1, 3] }]) as unknown,
    });
  });

  it.each([
    ['ready', {}, [200, true], [200, true]],
    ['draining', { ready: no }, [200, true], [503, false]],
    ['lost', { live: no, ready: no }, [503, false], [503, false]],
  ] as const)('gives its health in the body, too, when it is %s', async (_, state, live, ready) => {
    const { app } = fakeService(state);
    const version = '/v2/models/fake/versions';
    for (const [path, status, body] of [
      ['/v2/health/live', live[0], { live: live[1] }],
      ['/v2/health/ready', ready[0], { live: live[1], ready: ready[1] }],
      ['/v2/models/fake/ready', ready[0], { name: 'fake', ready: ready[1] }],
      [`${version}/1/ready`, ready[0], { name: 'fake', ready: ready[1] }],
      [`${version}/0123456789ab/ready`, ready[0], { name: 'fake', ready: ready[1] }],
    ] as const) {
      const response = await app.request(path);
      expect([path, response.status, await response.json()]).toEqual([path, status, body]);
      expect(response.headers.get('cache-control')).toBe('no-store');
    }
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
      model_version: '1',
      id: 'job-1',
      parameters: { digest: '0123456789ab' },
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

  it('gives probabilities in the order of the labels, even if they look like numbers', async () => {
    const labels = ['maybe', '1', '0'];
    const { predictor } = fakeService({
      predict: () => Promise.resolve([toAnswer(labels, Float32Array.of(0.5, 0.25, 0.125), Float32Array.of(0, 0, 0))]),
    });
    const service = fakeService({
      deps: { predictor: { ...predictor, model: { ...predictor.model, labels } } },
    });
    const inputs = [
      { name: 'image', data: [BASE64] },
      { name: 'text', data: ['a'] },
    ];
    const response = await infer(service, inputs, { outputs: [{ name: 'probabilities' }] });
    expect(await response.json()).toMatchObject({ outputs: [{ data: [0.5, 0.25, 0.125] }] });
  });

  it('gives every output by default', async () => {
    const inputs = [
      { name: 'image', data: [BASE64] },
      { name: 'text', data: ['a'] },
    ];
    const response = await infer(fakeService(), inputs, { outputs: [] });
    expect(await response.json()).toHaveProperty('outputs.length', 4);
  });

  it.each(['1', '0123456789ab'])('accepts the only version in every path, as %s', async (version) => {
    const { app, summaries } = fakeService();
    const path = `/v2/models/fake/versions/${version}`;
    expect(await (await app.request(path)).json()).toEqual(await (await app.request('/v2/models/fake')).json());
    expect((await app.request(`${path}/ready`)).status).toBe(200);
    const body = JSON.stringify({
      inputs: [
        { name: 'image', shape: [1], datatype: 'BYTES', data: [BASE64] },
        { name: 'text', shape: [1], datatype: 'BYTES', data: ['a'] },
      ],
    });
    expect((await app.request(`${path}/infer`, { method: 'POST', body })).status).toBe(200);
    // Metrics do not distinguish versions.
    expect(summaries.at(-1)?.route).toBe('/v2/models/:name/infer');
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
