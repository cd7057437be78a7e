import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, it } from 'vitest';
import { PATHS } from '../../../../service/contract.ts';
import { fakeService, formOf, postJson } from '../fake-service.ts';

async function openApi(): Promise<{ components: object }> {
  const response = await fakeService().app.request(PATHS.openapi);
  return (await response.json()) as { components: object };
}

it('states what a body of JSON must be', async () => {
  const { components } = await openApi();
  const ajv = new Ajv2020({ strict: false });
  const validate = ajv.compile({ $ref: '#/components/schemas/PredictJson', components });
  const image = 'R0lG';
  const bodies = [
    [true, { image, text: 'a' }],
    [true, { image, texts: ['a', 'b'], premise: '' }],
    [true, { image, text: 'a', texts: [] }],
    [true, { image, text: 'a', unknown: 1 }],
    [true, { image, text: '😀'.repeat(10_000) }],
    [true, { image, text: 'a', explain: true }],
    [true, { image, texts: ['a'], explain: true }],
    [true, { image, texts: ['a', 'b'], explain: false }],
    [false, { image, texts: ['a', 'b'], explain: true }],
    [false, { image }],
    [false, { text: 'a' }],
    [false, { image, text: 'a', texts: ['a'] }],
    [false, { image, texts: [] }],
    [false, { image, texts: Array(33).fill('a') }],
    [false, { image, text: 'a'.repeat(10_001) }],
    [false, { image: '', text: 'a' }],
  ] as const;
  for (const [isValid, body] of bodies) {
    expect([validate(body), body]).toEqual([isValid, body]);
    const { status } = await postJson(fakeService().app, body);
    expect([status, body]).toEqual([isValid ? 200 : 400, body]);
  }
});

it('states that a form has one text if its answer is to be explained', async () => {
  const { components } = await openApi();
  const ajv = new Ajv2020({ strict: false, formats: { binary: true } });
  const validate = ajv.compile({ $ref: '#/components/schemas/PredictForm', components });
  const image = 'GIF8';
  for (const [isValid, text, explain] of [
    [true, ['a'], 'true'],
    [true, ['a', 'b'], 'false'],
    [false, ['a', 'b'], 'true'],
  ] as const) {
    expect([validate({ image, text, explain }), text, explain]).toEqual([isValid, text, explain]);
    const texts = text.map((each) => ['text', each] as const);
    const body = formOf([['image', Buffer.from(image)], ...texts, ['explain', explain]]);
    const { status } = await fakeService().app.request(PATHS.predict, { method: 'POST', body });
    expect([status, text, explain]).toEqual([isValid ? 200 : 400, text, explain]);
  }
});
