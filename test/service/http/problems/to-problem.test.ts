import { describe, expect, it } from 'vitest';
import { EngineUnavailable, InputError, ItemFailed, type InputProblem } from '../../../../service/inference/errors.ts';
import { parseKeys } from '../../../../service/clients/key-file.ts';
import { rateLimited } from '../../../../service/requests/to-problem.ts';
import { expectProblem, fakeService, postJson } from '../fake-service.ts';

const BASE64 = Buffer.from([1, 2, 3, 4]).toString('base64');
const ok = { image: BASE64, text: 'a dog' };

describe('a problem with the input', () => {
  it.each([
    ['image-unsupported', 415, 'unsupported-image', 'image'],
    ['image-corrupt', 422, 'undecodable-image', 'image'],
    ['image-too-large', 413, 'image-too-large', 'image'],
    ['text-empty', 422, 'empty-text', 'text'],
    ['premise-unsupported', 400, 'invalid-field', 'premise'],
    ['too-slow', 400, 'invalid-field', 'explain'],
  ] as const)('%s is answered %i', async (problem: InputProblem, status, name, field) => {
    const { app } = fakeService({
      predict: () => Promise.reject(new InputError(problem, field, 'why it is wrong')),
    });
    expect(await expectProblem(await postJson(app, ok), status, name, field)).toBe('why it is wrong');
  });
});

describe('a failure of the service', () => {
  it('is 503 with Retry-After when the engine is lost', async () => {
    const { app } = fakeService({ predict: () => Promise.reject(new EngineUnavailable('lost')) });
    const response = await postJson(app, ok);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    await expectProblem(response, 503, 'unavailable');
  });

  it('is 503 without Retry-After when the engine fails on one item only', async () => {
    const { app } = fakeService({ predict: () => Promise.reject(new ItemFailed()) });
    const response = await postJson(app, ok);
    expect(response.headers.get('retry-after')).toBeNull();
    expect(await expectProblem(response, 503, 'unavailable')).toContain('this image and text');
  });

  it('is 500 without details for an unforeseen error', async () => {
    const { app, summaries } = fakeService({
      predict: () => Promise.reject(new Error('at 0x7f4a in /srv/secret.ts')),
    });
    const detail = await expectProblem(await postJson(app, ok), 500, 'internal');
    expect(detail).not.toContain('secret');
    expect(summaries[0]?.problem?.cause).toMatchObject({ message: 'at 0x7f4a in /srv/secret.ts' });
  });
});

it.each([
  ['1/s', '1 request per second'],
  ['1/min', '1 request per minute'],
  ['600/H', '600 requests per hour'],
])('a client over the rate %s may send %s', (rate, words) => {
  const [holder = expect.fail()] = parseKeys(`${'0'.repeat(64)} a rate=${rate}`, 'keys').values();
  expect(rateLimited(holder, 1).message).toBe(`The API keys of a may send ${words}.`);
});

it.each([
  [1, '1'],
  [1000, '1'],
  [1001, '2'],
])('a client that may send again in %i ms is told to wait %s s', (waitMs, seconds) => {
  const [holder = expect.fail()] = parseKeys(`${'0'.repeat(64)} a rate=1/s`, 'keys').values();
  expect(rateLimited(holder, waitMs).headers['retry-after']).toBe(seconds);
});
