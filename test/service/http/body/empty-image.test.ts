import { expect, it } from 'vitest';
import { expectProblem, fakeService, formOf, postForm, postJson } from '../fake-service.ts';

const infer = {
  inputs: [
    { name: 'image', datatype: 'BYTES', shape: [1], data: [''] },
    { name: 'text', datatype: 'BYTES', shape: [1], data: ['a'] },
  ],
};

it('is the same error in a form, in JSON and under /v2', async () => {
  const { app } = fakeService({ deps: { demo: true } });
  const form = formOf([['image', new Uint8Array()]]);
  const responses = [
    await app.request('/demo/pixels', { method: 'POST', body: form }),
    await postForm(
      app,
      formOf([
        ['image', new Uint8Array()],
        ['text', 'a'],
      ]),
    ),
    await postJson(app, { image: '', text: 'a' }),
    await postJson(app, { image: 'data:image/png;base64,', text: 'a' }),
    await app.request('/v2/models/fake/infer', { method: 'POST', body: JSON.stringify(infer) }),
  ];
  for (const response of responses) {
    expect(await expectProblem(response, 400, 'invalid-field', 'image')).toBe('The field "image" is empty.');
  }
});
