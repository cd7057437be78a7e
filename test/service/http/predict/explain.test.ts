import { expect, it } from 'vitest';
import { expectProblem, fakeService, formOf, postForm, postJson } from '../fake-service.ts';

const IMAGE: [string, Uint8Array] = ['image', Uint8Array.of(1, 2, 3, 4)];

it('an answer has an explanation if the form asks for one', async () => {
  const { app } = fakeService();
  const plain = await postForm(app, formOf([IMAGE, ['text', 'a'], ['explain', 'false']]));
  expect(await plain.json()).not.toHaveProperty('explanation');
  for (const yes of ['true', 'True']) {
    const explained = await postForm(app, formOf([IMAGE, ['text', 'a'], ['explain', yes]]));
    expect(await explained.json()).toMatchObject({ explanation: { method: 'occlusion', heatmap: [[0.1235, -0.5]] } });
  }
});

it('an answer has an explanation if the JSON asks for one', async () => {
  const { app } = fakeService();
  const ask = (fields: object) => postJson(app, { image: 'AQIDBA==', ...fields });
  const response = await ask({ texts: ['a'], explain: true });
  expect(await response.json()).toMatchObject({ results: [{ explanation: { method: 'occlusion' } }] });
  await expectProblem(await ask({ texts: ['a', 'b'], explain: true }), 400, 'invalid-field', 'explain');
  await expectProblem(await ask({ text: 'a', explain: 'true' }), 400, 'invalid-field', 'explain');
});

it('an explanation is for exactly one text', async () => {
  const { app } = fakeService();
  const form = formOf([IMAGE, ['text', 'a'], ['text', 'b'], ['explain', 'true']]);
  await expectProblem(await postForm(app, form), 400, 'invalid-field', 'explain');
  await expectProblem(
    await postForm(app, formOf([IMAGE, ['text', 'a'], ['explain', 'yes']])),
    400,
    'invalid-field',
    'explain',
  );
});
