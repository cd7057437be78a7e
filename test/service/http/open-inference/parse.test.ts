import { describe, expect, it } from 'vitest';
import { fakeKeys, expectProblem, fakeService } from '../fake-service.ts';
import { BASE64, infer, OTHER, type Tensor } from './infer.ts';

describe('an inference request', () => {
  it.each([
    ['no image', [{ name: 'text', data: ['a'] }], 'missing-field', 'image'],
    ['no text', [{ name: 'image', data: [BASE64] }], 'missing-field', 'text'],
    ['an unknown input', [{ name: 'audio', data: ['a'] }], 'invalid-field', 'inputs'],
    ['another datatype', [{ name: 'text', datatype: 'FP32', data: ['a'] }], 'invalid-field', 'inputs'],
    [
      'the wrong shape',
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
      'an image that is not base64',
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
  ] as [string, Tensor[], string, string][])('is refused with %s', async (_, inputs, problem, field) => {
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
      { inputs: [{ name: 'text', shape: [-1], datatype: 'BYTES', data: ['a'] }] },
      'inputs',
      'The field "inputs[0].shape[0]" must not be below 0.',
    ],
    [
      { inputs: [{ name: 'text', shape: [2], datatype: 'BYTES', data: ['a'] }] },
      'text',
      'The input "text" has 1 element but its shape says 2.',
    ],
    [
      { inputs: [{ name: 'text', shape: [1], datatype: 'BYTES', data: ['a', 'b'] }] },
      'text',
      'The input "text" has 2 elements but its shape says 1.',
    ],
    [
      { inputs: [{ name: 'text', shape: [1], datatype: 'BYTES', parameters: { binary_data_size: -1 } }] },
      'inputs',
      'The field "inputs[0].parameters.binary_data_size" must not be below 0.',
    ],
    [
      { inputs: [{ name: 'text', shape: [1], datatype: 'FP32', data: [1] }] },
      'inputs',
      'The field "inputs[0].datatype" must be BYTES.',
    ],
    [
      { outputs: Array(5).fill({ name: 'probabilities' }) },
      'outputs',
      'The field "outputs" must not hold more than 4 outputs.',
    ],
    [
      { outputs: [{ name: 'label' }, { name: 'result' }, { name: 'label' }] },
      'outputs',
      'The output "label" may be requested only once.',
    ],
    [
      { outputs: [{ name: 'probabilities', parameters: { classification: 2, binary_data: false } }] },
      'outputs',
      'The field "outputs[0].parameters.classification" is not supported: request the outputs label, confidence and probabilities instead.',
    ],
    [
      { outputs: [{ name: 'label', parameters: { shared_memory_region: 'a', shared_memory_byte_size: 8 } }] },
      'outputs',
      'The field "outputs[0].parameters.shared_memory_region" is not supported: tensors must be in the request, and are in the response.',
    ],
    [
      {
        inputs: [
          { name: 'text', shape: [1], datatype: 'BYTES', data: ['a'], parameters: { shared_memory_region: 'a' } },
        ],
      },
      'inputs',
      'The field "inputs[0].parameters.shared_memory_region" is not supported: tensors must be in the request, and are in the response.',
    ],
    [{ inputs: Array(4).fill(1) }, 'inputs', 'The field "inputs" must not hold more than 3 inputs.'],
    [
      { inputs: [{ name: 'text', shape: Array(33).fill(1), datatype: 'BYTES', data: ['a'] }] },
      'inputs',
      'The field "inputs[0].shape" must not have more than 32 dimensions.',
    ],
    ...[Array(33).fill(1), Array(33).fill([]), [Array(33).fill('a')], [], [[]]].map(
      (data): [object, string, string] => [
        { inputs: [{ name: 'text', shape: [1], datatype: 'BYTES', data }] },
        'inputs',
        'The field "inputs[0].data" must hold 1 to 32 elements.',
      ],
    ),
    [
      { inputs: [{ name: 'text', shape: [1], datatype: 'BYTES', data: [[['a']]] }] },
      'inputs',
      'The field "inputs[0].data" must hold a list of texts.',
    ],
  ] as [object, string, string][])('is refused with a sentence: %j', async (more, field, sentence) => {
    const response = await infer(fakeService(), [{ name: 'text', data: ['a'] }], more);
    expect(await expectProblem(response, 400, 'invalid-field', field)).toBe(sentence);
  });

  it('is answered whatever hints it has', async () => {
    const inputs = [
      { name: 'image', data: [BASE64] },
      { name: 'text', data: ['a'] },
    ];
    const parameters = { sequence_id: 1, priority: 1, timeout: 1000, mine: 'a' };
    const outputs = [{ name: 'label', parameters: { classification: 0, mine: 'a' } }];
    const response = await infer(fakeService(), inputs, { parameters, outputs });
    expect([response.status, await response.json()]).toMatchObject([200, { outputs: [{ data: ['yes'] }] }]);
  });

  it('is refused for unknown models, versions and outputs', async () => {
    const inputs = [
      { name: 'image', data: [BASE64] },
      { name: 'text', data: ['a'] },
    ];
    const elsewhere = [await infer(fakeService(), inputs, {}, { name: 'bert' })];
    for (const path of ['/v2/models/bert', '/v2/models/fake/versions/2', '/v2/nothing', '/v2/models/fake/ready/now']) {
      elsewhere.push(await fakeService().app.request(path));
    }
    for (const response of elsewhere) {
      expect(response.headers.get('content-type')).toBe('application/json');
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

  it('requires an API key with and without a version', async () => {
    const { app } = fakeService({
      deps: { apiKeys: fakeKeys() },
    });
    for (const path of ['infer', 'versions/0123456789ab/infer']) {
      const response = await app.request(`/v2/models/fake/${path}`, { method: 'POST', body: '{}' });
      expect(await response.clone().json()).toHaveProperty('error');
      await expectProblem(response, 401, 'unauthorized');
    }
  });
});

it('takes null for what is absent', async () => {
  const data = { datatype: 'BYTES', shape: [1], parameters: null };
  const inputs = [
    { name: 'image', ...data, data: [BASE64] },
    { name: 'text', ...data, data: ['a'], parameters: { binary_data_size: null } },
  ];
  const outputs = [{ name: 'label', parameters: { binary_data: null } }];
  for (const more of [
    { id: null, parameters: null, outputs: null },
    { parameters: { binary_data_output: null }, outputs },
  ]) {
    const response = await infer(fakeService(), inputs, more);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json']);
    expect(await response.json()).not.toHaveProperty('id');
  }
});
