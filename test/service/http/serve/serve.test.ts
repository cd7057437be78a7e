import { expect, it, vi } from 'vitest';
import { ClientGone, EngineUnavailable } from '../../../../service/inference/errors.ts';
import { expectProblem, fakeService, postJson, postStream } from '../fake-service.ts';

const BASE64 = Buffer.from([1, 2, 3, 4]).toString('base64');
const ok = { image: BASE64, text: 'a dog' };

it('holds a slot for each item while the request is judged', async () => {
  const held: number[] = [];
  const service = fakeService({
    predict: () => {
      held.push(service.admission.held);
      return Promise.resolve([]);
    },
  });
  await postJson(service.app, { image: BASE64, texts: ['a', 'b', 'c'] });
  expect(held).toEqual([3]);
  expect(service.admission.held).toBe(0);
});

it('frees the slot and aborts the work when the client disconnects', async () => {
  const client = new AbortController();
  const service = fakeService({
    predict: ({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          reject(signal.reason as Error);
        });
        client.abort();
      }),
  });
  const { app, admission, asked, summaries } = service;
  await app.request('/predict', {
    method: 'POST',
    body: JSON.stringify({ image: BASE64, text: 'a' }),
    headers: { 'content-type': 'application/json' },
    signal: client.signal,
  });
  expect(asked[0]?.signal.reason).toBeInstanceOf(ClientGone);
  expect(admission.held).toBe(0);
  // The service was not unavailable.
  expect(summaries).toMatchObject([{ status: 499, problem: undefined }]);
});

it('records sizes and a hash for the log, never the sentence or the picture', async () => {
  const { app, summaries } = fakeService();
  await postJson(app, { image: BASE64, text: 'a secret sentence' });
  const { attributes } = summaries[0]?.record ?? {};
  expect(attributes).toMatchObject({ image_bytes: 4, texts: 1, text_chars: 17 });
  expect(JSON.stringify(attributes)).not.toContain('secret');
  await postJson(app, { image: BASE64, texts: ['a', 'bc', ''] });
  expect(summaries[1]?.record.attributes).toMatchObject({ texts: 3, text_chars: 3 });
});

it('answers 429 with Retry-After before the body is read if the queue is full', async () => {
  const { app, admission, asked } = fakeService({ maxQueue: 1 });
  const slot = admission.admit();
  const response = await postJson(app, '{"image":');
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
  await expectProblem(response, 429, 'overloaded');
  slot.release();
  expect((await postJson(app, ok)).status).toBe(200);
  expect(asked).toHaveLength(1);
});

it('answers 429 to a request with more items than free slots, and frees its slot', async () => {
  const { app, admission } = fakeService({ maxQueue: 2 });
  const slot = admission.admit();
  await expectProblem(await postJson(app, { image: BASE64, texts: ['a', 'b'] }), 429, 'overloaded');
  slot.release();
  expect(admission.held).toBe(0);
});

it.each([
  [1, 'At most 1 text can be sent at once'],
  [2, 'At most 2 texts can be sent at once'],
])('answers 400 to a request with more items than the %i slot(s) of the queue', async (most, sentence) => {
  const { app, admission } = fakeService({ maxQueue: most });
  const response = await postJson(app, { image: BASE64, texts: ['a', 'b', 'c'] });
  expect(await expectProblem(response, 400, 'invalid-field', 'text')).toContain(sentence);
  expect(admission.held).toBe(0);
});

it('answers 429 to a body that exceeds the memory for bodies, whether announced or not', async () => {
  const body = JSON.stringify({ ...ok, premise: 'a'.repeat(600) });
  let fail = (): void => undefined;
  const predict = (): Promise<never> =>
    new Promise((_, reject) => {
      fail = () => {
        reject(new EngineUnavailable('lost'));
      };
    });
  const { app, admission, uploads } = fakeService({ maxBodyBytes: 1000, predict });
  const first = postJson(app, body);
  await vi.waitFor(() => {
    expect(uploads.bytes).toBeGreaterThan(600);
  });
  const announced = await postJson(app, '{', { 'content-length': String(body.length) });
  expect(Number(announced.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await expectProblem(announced, 429, 'overloaded')).toContain('memory');
  await expectProblem(await postJson(app, body), 429, 'overloaded');
  fail();
  await first;
  expect([admission.held, uploads.bytes]).toEqual([0, 0]);
});

it('answers 503 while the model is loading', async () => {
  const { app } = fakeService({ started: { ok: false, reason: 'the engine is loading the model' } });
  expect(await expectProblem(await postJson(app, ok), 503, 'unavailable')).toBe('The engine is loading the model.');
});

it('takes a slot only when the body is complete', async () => {
  const { app, admission, uploads } = fakeService({ maxQueue: 1 });
  let finish = (): void => undefined;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(Buffer.from(JSON.stringify(ok)));
      finish = () => {
        controller.close();
      };
    },
  });
  const slow = postStream(app, body, { 'content-type': 'application/json' });
  await vi.waitFor(() => {
    expect(uploads.arriving).toBe(1);
  });
  expect(admission.held).toBe(0);
  expect((await postJson(app, ok)).status).toBe(200);
  finish();
  expect((await slow).status).toBe(200);
  expect([admission.held, uploads.arriving, uploads.bytes]).toEqual([0, 0, 0]);
});

it('answers 429 when the queue has become full by the time the body is complete', async () => {
  const { app, admission, asked } = fakeService({ maxQueue: 1 });
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      admission.admit();
      controller.enqueue(Buffer.from(JSON.stringify(ok)));
      controller.close();
    },
  });
  const response = await postStream(app, body, { 'content-type': 'application/json' });
  expect(await expectProblem(response, 429, 'overloaded')).toContain('queue');
  expect(asked).toEqual([]);
});
