import { describe, expect, it } from 'vitest';
import { expectProblem, fakeService, postJson, postStream } from '../fake-service.ts';

const ok = { image: Buffer.from([1, 2, 3]).toString('base64'), text: 'a dog' };

describe('a deadline', () => {
  const never = ({ signal }: { signal: AbortSignal }): Promise<never> =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        reject(signal.reason as Error);
      });
    });

  it('of the service is answered 504 and frees the slot', async () => {
    const { app, admission } = fakeService({ predict: never, requestTimeoutMs: 20 });
    await expectProblem(await postJson(app, ok), 504, 'deadline-exceeded');
    expect(admission.held).toBe(0);
  });

  it('can be shortened by the client, never extended', async () => {
    const { app } = fakeService({ predict: never, requestTimeoutMs: 60_000 });
    await expectProblem(await postJson(app, ok, { 'x-request-timeout-ms': '20' }), 504, 'deadline-exceeded');
    const short = fakeService({ predict: never, requestTimeoutMs: 20 });
    await expectProblem(
      await postJson(short.app, ok, { 'x-request-timeout-ms': '99999999999999999999' }),
      504,
      'deadline-exceeded',
    );
  });

  it('stops reading a body that never ends', async () => {
    const { app, admission } = fakeService({ requestTimeoutMs: 20 });
    const body = new ReadableStream({ pull: () => new Promise(() => undefined) });
    const headers = { 'content-type': 'application/json' };
    await expectProblem(await postStream(app, body, headers), 504, 'deadline-exceeded');
    expect(admission.held).toBe(0);
  });

  it.each(['0', '-5', '1.5', 'soon', ''])('of "%s" milliseconds is refused', async (value) => {
    const { app } = fakeService();
    await expectProblem(
      await postJson(app, ok, { 'x-request-timeout-ms': value }),
      400,
      'invalid-field',
      'X-Request-Timeout-Ms',
    );
  });
});
