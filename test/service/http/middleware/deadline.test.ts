import { describe, expect, it } from 'vitest';
import { outcomeOf } from '../../../../service/observability/request-record.ts';
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

  const stalled = (): ReadableStream => new ReadableStream({ pull: () => new Promise(() => undefined) });
  const json = { 'content-type': 'application/json' };

  it('of the service answers 408 to a body that does not arrive, and closes the connection', async () => {
    const { app, uploads, summaries } = fakeService({ requestTimeoutMs: 20 });
    const response = await postStream(app, stalled(), json);
    expect(response.headers.get('connection')).toBe('close');
    await expectProblem(response, 408, 'request-timeout');
    expect([uploads.arriving, uploads.bytes]).toEqual([0, 0]);
    expect(summaries.map(outcomeOf)).toEqual(['refused']);
  });

  it('of the client covers the arrival of its body', async () => {
    const { app, summaries } = fakeService();
    const headers = { ...json, 'x-request-timeout-ms': '20' };
    await expectProblem(await postStream(app, stalled(), headers), 504, 'deadline-exceeded');
    expect(summaries.map(outcomeOf)).toEqual(['client_deadline']);
  });

  it('of the service begins again when the body is complete', async () => {
    const { app } = fakeService({
      requestTimeoutMs: 400,
      predict: () => new Promise((resolve) => setTimeout(resolve, 250, [])),
    });
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        setTimeout(() => {
          controller.enqueue(Buffer.from(JSON.stringify(ok)));
          controller.close();
        }, 250);
      },
    });
    expect((await postStream(app, body, json)).status).toBe(200);
  });

  it('is the fault of the one who set it', async () => {
    const { app, summaries } = fakeService({ predict: never, requestTimeoutMs: 40 });
    await postJson(app, ok);
    await postJson(app, ok, { 'x-request-timeout-ms': '40' });
    await postJson(app, ok, { 'x-request-timeout-ms': '20' });
    expect(summaries.map(outcomeOf)).toEqual(['failed', 'failed', 'client_deadline']);
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
