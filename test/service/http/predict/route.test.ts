import { describe, expect, it } from 'vitest';
import { predictionSchema } from '../../../../service/http/predict/schema.ts';
import { fakeService, formOf, postForm, postJson } from '../fake-service.ts';

const PICTURE = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7) & 255);
const BASE64 = Buffer.from(PICTURE).toString('base64');

describe('the same request', () => {
  it.each([
    ['with one text', { text: 'a dog' }, [['text', 'a dog']]],
    [
      'with a premise',
      { text: 'ein Hund ü', premise: 'it rains' },
      [
        ['text', 'ein Hund ü'],
        ['premise', 'it rains'],
      ],
    ],
    [
      'with several texts',
      { texts: ['a', 'b', 'c'] },
      [
        ['text', 'a'],
        ['text', 'b'],
        ['text', 'c'],
      ],
    ],
  ] as [string, object, [string, string][]][])(
    'gets the same answer as a form and as JSON (%s)',
    async (_, json, fields) => {
      const { app, asked } = fakeService();
      const jsonInit = {
        method: 'POST',
        body: JSON.stringify({ image: BASE64, ...json }),
        headers: { 'content-type': 'Application/JSON; charset=utf-8' },
      };
      const answers = [
        await app.request('/predict/json', jsonInit),
        await app.request('/predict/', jsonInit),
        await postForm(app, formOf([['image', PICTURE], ...fields])),
        await postForm(app, formOf([...fields, ['image', PICTURE]])),
        await postJson(app, { image: BASE64, ...json }),
        await postJson(app, { image: `data:image/png;base64,${BASE64}`, ...json }),
        await postJson(app, { image: `DATA:image/png;Base64,${BASE64}`, ...json }),
        await postJson(app, { image: Buffer.from(PICTURE).toString('base64url'), ...json }),
        await postJson(app, { image: BASE64.replaceAll(/.{76}/g, '$&\n'), ...json }),
        await postJson(app, { text: null, texts: null, premise: null, explain: null, image: BASE64, ...json }),
      ];
      expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
      const read = asked.map(({ image, hypotheses, premise }) => ({
        image: Buffer.from(image).toString('hex'),
        hypotheses,
        premise,
      }));
      expect(new Set(read.map((request) => JSON.stringify(request))).size).toBe(1);
      expect(read[0]?.image).toBe(Buffer.from(PICTURE).toString('hex'));
      const bodies = (await Promise.all(answers.map((answer) => answer.json()))) as object[];
      const stable = bodies.map((body) => ({ ...body, latency_ms: 0, request_id: '' }));
      expect(new Set(stable.map((body) => JSON.stringify(body))).size).toBe(1);
    },
  );
});

describe('an answer', () => {
  it('to one text is a single judgement', async () => {
    const response = await postJson(fakeService().app, { image: BASE64, text: 'a' });
    const body = predictionSchema.strict().parse(await response.json());
    expect(Object.keys(body)).not.toContain('results');
    expect(body).toMatchObject({
      result: 0,
      labels: ['yes', 'no', 'maybe'],
      label: 'yes',
      confidence: 0.5,
      scores: { yes: 0.5, no: 0.25, maybe: 0.25 },
      model: { name: 'fake', precision: 'fp32', digest: '0123456789ab' },
      request_id: response.headers.get('x-request-id'),
    });
    expect(body.latency_ms).toBeGreaterThan(0);
  });

  it('to a list with one text is a list', async () => {
    const response = await postJson(fakeService().app, { image: BASE64, texts: ['a'] });
    const body = predictionSchema.strict().parse(await response.json());
    expect(body.results).toHaveLength(1);
    expect(Object.keys(body).sort()).toEqual(['labels', 'latency_ms', 'model', 'request_id', 'results']);
  });
});

describe('unknown fields are ignored, with a warning', () => {
  const unknown = ['premis', '__proto__', 'toString', 'constructor'];
  const expected = unknown.map((field) => ({
    code: 'unknown-field',
    detail: `The field "${field}" is unknown and was ignored.`,
    field,
  }));

  it('in a form, whether text or file', async () => {
    const { app, asked } = fakeService();
    const fields = unknown.flatMap((name): [string, string | Uint8Array][] => [
      [name, 'a'],
      [name, PICTURE],
    ]);
    const response = await postForm(app, formOf([...fields, ['image', PICTURE], ['text', 'a dog']]));
    const body = predictionSchema.strict().parse(await response.json());
    expect(body).toMatchObject({ label: 'yes', warnings: expected });
    expect(asked).toMatchObject([{ hypotheses: ['a dog'], premise: undefined }]);
  });

  it('in JSON', async () => {
    const { app, asked } = fakeService();
    const members = unknown.map((name) => `${JSON.stringify(name)}: [1]`).join(',');
    const response = await postJson(app, `{"image": "${BASE64}", "text": "a dog", ${members}}`);
    const body = predictionSchema.strict().parse(await response.json());
    expect(body).toMatchObject({ label: 'yes', warnings: expected });
    expect(asked).toMatchObject([{ hypotheses: ['a dog'], premise: undefined }]);
  });

  it('of which only the first few are named, and those shortened', async () => {
    const { app } = fakeService();
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`${i}${'x'.repeat(1000)}`, i]));
    const response = await postJson(app, { image: BASE64, text: 'a', ...many });
    const { warnings = [] } = predictionSchema.parse(await response.json());
    expect(warnings).toHaveLength(11);
    expect(warnings[0]?.field).toHaveLength(100);
    expect(warnings[10]).toEqual({ code: 'unknown-field', detail: '490 more fields are unknown and were ignored.' });
  });

  it.each([
    [10, 'The field "9" is unknown and was ignored.'],
    [11, '1 more field is unknown and was ignored.'],
  ])('of which none is passed over (%i of them)', async (count, last) => {
    const { app } = fakeService();
    const fields = Object.fromEntries(Array.from({ length: count }, (_, i) => [String(i), i]));
    const response = await postJson(app, { image: BASE64, text: 'a', ...fields });
    const { warnings = [] } = predictionSchema.parse(await response.json());
    expect(warnings).toHaveLength(count);
    expect(warnings.at(-1)?.detail).toBe(last);
  });

  it('whose names are well formed, wherever they are cut', async () => {
    const { app } = fakeService();
    const names = [`${'x'.repeat(99)}\u{1f600}`, 'a\ud800b'];
    const response = await postJson(app, { image: BASE64, text: 'a', ...Object.fromEntries(names.map((n) => [n, 1])) });
    const { warnings = [] } = predictionSchema.parse(await response.json());
    expect(warnings.map(({ field }) => field)).toEqual([`${'x'.repeat(99)}\ufffd`, 'a\ufffdb']);
  });
});
