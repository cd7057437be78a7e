import { describe, expect, it, vi } from 'vitest';
import { EngineUnavailable, InputError, ItemFailed } from '../../../../service/inference/errors.ts';
import type { InputProblem } from '../../../../service/inference/errors.ts';
import { expectProblem, fakeService, postJson, postStream } from '../fake-service.ts';

const BASE64 = Buffer.from([1, 2, 3, 4]).toString('base64');
const ok = { image: BASE64, text: 'a dog' };

describe('what the model finds wrong', () => {
  it.each([
    ['image-unsupported', 415, 'unsupported-image', 'image'],
    ['image-corrupt', 422, 'undecodable-image', 'image'],
    ['image-too-large', 413, 'image-too-large', 'image'],
    ['text-empty', 422, 'empty-text', 'text'],
    ['premise-unsupported', 400, 'invalid-field', 'premise'],
  ] as const)('%s is answered %i', async (problem: InputProblem, status, name, field) => {
    const { app } = fakeService({
      predict: () => Promise.reject(new InputError(problem, field, 'as the model says')),
    });
    expect(await expectProblem(await postJson(app, ok), status, name, field)).toBe('as the model says');
  });
});

describe('what the service cannot do now', () => {
  it('a lost engine is 503 with a time to come back', async () => {
    const { app } = fakeService({ predict: () => Promise.reject(new EngineUnavailable('lost')) });
    const response = await postJson(app, ok);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    await expectProblem(response, 503, 'unavailable');
  });

  it('an item on which the engine failed alone is 503 without one', async () => {
    const { app } = fakeService({ predict: () => Promise.reject(new ItemFailed()) });
    const response = await postJson(app, ok);
    expect(response.headers.get('retry-after')).toBeNull();
    expect(await expectProblem(response, 503, 'unavailable')).toContain('this image and text');
  });

  it('a full queue is 429 with a time to come back, before the body is read', async () => {
    const { app, admission, asked } = fakeService({ maxQueue: 1 });
    const place = admission.admit();
    const response = await postJson(app, '{"image":');
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    await expectProblem(response, 429, 'overloaded');
    place.release();
    expect((await postJson(app, ok)).status).toBe(200);
    expect(asked).toHaveLength(1);
  });

  it('a request of more items than are free is 429, and holds none afterwards', async () => {
    const { app, admission } = fakeService({ maxQueue: 2 });
    const place = admission.admit();
    await expectProblem(await postJson(app, { image: BASE64, texts: ['a', 'b'] }), 429, 'overloaded');
    place.release();
    expect(admission.held).toBe(0);
  });

  it.each([
    [1, 'At most 1 text can be sent at once'],
    [2, 'At most 2 texts can be sent at once'],
  ])(
    'a request of more items than %i place(s) is told so: it would be refused for ever',
    async (most, told) => {
      const { app, admission } = fakeService({ maxQueue: most });
      const response = await postJson(app, { image: BASE64, texts: ['a', 'b', 'c'] });
      expect(await expectProblem(response, 400, 'invalid-field', 'text')).toContain(told);
      expect(admission.held).toBe(0);
    },
  );

  it('a body for which there is no memory beside the others is 429, whether it says how large it is or not', async () => {
    const body = JSON.stringify({ ...ok, premise: 'a'.repeat(600) });
    let lose = (): void => undefined;
    const predict = (): Promise<never> =>
      new Promise((_, reject) => {
        lose = () => {
          reject(new EngineUnavailable('lost'));
        };
      });
    const { app, admission } = fakeService({ maxBodyBytes: 1000, predict });
    const first = postJson(app, body);
    await vi.waitFor(() => {
      expect(admission.bodyBytes).toBeGreaterThan(600);
    });
    const announced = await postJson(app, '{', { 'content-length': String(body.length) });
    expect(Number(announced.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await expectProblem(announced, 429, 'overloaded')).toContain('memory');
    await expectProblem(await postJson(app, body), 429, 'overloaded');
    lose();
    await first;
    expect([admission.held, admission.bodyBytes]).toEqual([0, 0]);
  });

  it('a model that is still loading is 503', async () => {
    const { app } = fakeService({ started: { ok: false, reason: 'the engine is loading the model' } });
    expect(await expectProblem(await postJson(app, ok), 503, 'unavailable')).toContain('loading');
  });

  it('a mistake of its own is 500, and says nothing of itself', async () => {
    const { app, summaries } = fakeService({
      predict: () => Promise.reject(new Error('at 0x7f4a in /srv/secret.ts')),
    });
    const detail = await expectProblem(await postJson(app, ok), 500, 'internal');
    expect(detail).not.toContain('secret');
    expect(summaries[0]?.problem?.cause).toMatchObject({ message: 'at 0x7f4a in /srv/secret.ts' });
  });
});

describe('a deadline', () => {
  const never = ({ signal }: { signal: AbortSignal }): Promise<never> =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        reject(signal.reason as Error);
      });
    });

  it('of the service is 504 and gives the place back', async () => {
    const { app, admission } = fakeService({ predict: never, requestTimeoutMs: 20 });
    await expectProblem(await postJson(app, ok), 504, 'deadline-exceeded');
    expect(admission.held).toBe(0);
  });

  it('is shortened by the client, never lengthened', async () => {
    const { app } = fakeService({ predict: never, requestTimeoutMs: 60_000 });
    await expectProblem(await postJson(app, ok, { 'x-request-timeout-ms': '20' }), 504, 'deadline-exceeded');
    const short = fakeService({ predict: never, requestTimeoutMs: 20 });
    await expectProblem(
      await postJson(short.app, ok, { 'x-request-timeout-ms': '99999999999999999999' }),
      504,
      'deadline-exceeded',
    );
  });

  it('ends the reading of a body that never ends', async () => {
    const { app, admission } = fakeService({ requestTimeoutMs: 20 });
    const body = new ReadableStream({ pull: () => new Promise(() => undefined) });
    const headers = { 'content-type': 'application/json' };
    await expectProblem(await postStream(app, body, headers), 504, 'deadline-exceeded');
    expect(admission.held).toBe(0);
  });

  it.each(['0', '-5', '1.5', 'soon', ''])('of "%s" is refused', async (value) => {
    const { app } = fakeService();
    await expectProblem(
      await postJson(app, ok, { 'x-request-timeout-ms': value }),
      400,
      'invalid-field',
      'X-Request-Timeout-Ms',
    );
  });
});

describe('a path or method that is not there', () => {
  it('is 404', async () => {
    const { app, summaries } = fakeService();
    await expectProblem(await app.request('/nothing'), 404, 'not-found');
    expect(summaries[0]?.problem?.problem).toBe('not-found');
  });

  it.each([
    ['GET', '/predict', 'POST', 'GET is not allowed here; POST is.'],
    ['PUT', '/livez', 'GET, HEAD', 'PUT is not allowed here; GET, HEAD are.'],
  ])('is 405 and names what is allowed (%s %s)', async (method, path, allow, detail) => {
    const { app, summaries } = fakeService();
    const response = await app.request(path, { method });
    expect(response.headers.get('allow')).toBe(allow);
    expect(await expectProblem(response, 405, 'method-not-allowed')).toBe(detail);
    expect(summaries[0]?.problem?.problem).toBe('method-not-allowed');
  });
});
