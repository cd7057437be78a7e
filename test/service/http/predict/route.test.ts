import { describe, expect, it } from 'vitest';
import { predictionSchema, predictionsSchema } from '../../../../service/http/predict/schema.ts';
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
      const answers = [
        await postForm(app, formOf([['image', PICTURE], ...fields])),
        await postForm(app, formOf([...fields, ['image', PICTURE]])),
        await postJson(app, { image: BASE64, ...json }),
        await postJson(app, { image: `data:image/png;base64,${BASE64}`, ...json }),
        await postJson(app, { image: `DATA:image/png;Base64,${BASE64}`, ...json }),
        await postJson(app, { image: Buffer.from(PICTURE).toString('base64url'), ...json }),
        await postJson(app, { image: BASE64.replaceAll(/.{76}/g, '$&\n'), ...json }),
      ];
      expect(answers.map(({ status }) => status)).toEqual(Array(7).fill(200));
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
    expect(predictionsSchema.strict().parse(await response.json()).results).toHaveLength(1);
  });
});
