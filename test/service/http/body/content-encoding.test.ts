import { getDefaultHighWaterMark } from 'node:stream';
import { once } from 'node:events';
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { MIB } from '../../../../model/bytes.ts';
import { PIXELS_PATH } from '../../../../service/http/demo-page/demo-page.ts';
import { expectProblem, fakeService, formOf, type FakeService } from '../fake-service.ts';

const OK = Buffer.from(JSON.stringify({ image: Buffer.from('GIF89a..').toString('base64'), text: 'a dog' }));

function post({ app }: FakeService, body: Uint8Array | ReadableStream, encoding: string, path = '/predict') {
  const init: RequestInit & { duplex: 'half' } = {
    method: 'POST',
    body: body instanceof Uint8Array ? Uint8Array.from(body) : body,
    headers: { 'content-type': 'application/json', 'content-encoding': encoding },
    duplex: 'half',
  };
  return Promise.resolve(app.request(path, init));
}

/** A body of so many equal bytes, without Content-Length; `sent` counts what was read of it. */
function bomb(encode: (content: Buffer) => Buffer, bytes: number): { body: ReadableStream; sent: () => number } {
  const compressed = encode(Buffer.alloc(bytes, '"'));
  let at = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        if (at >= compressed.length) controller.close();
        else controller.enqueue(compressed.subarray(at, (at += 1024)));
      },
    },
    { highWaterMark: 0 },
  );
  return { body, sent: () => at };
}

describe('a compressed body', () => {
  it.each<[string, (content: Buffer) => Buffer]>([
    ['gzip', gzipSync],
    ['GZip', gzipSync],
    ['x-gzip', gzipSync],
    ['deflate', deflateSync],
    ['identity', (content) => content],
  ])('in %s is decompressed', async (encoding, encode) => {
    const service = fakeService();
    expect((await post(service, encode(OK), encoding)).status).toBe(200);
    expect(service.asked).toMatchObject([{ hypotheses: ['a dog'] }]);
    expect(Buffer.from(service.asked[0]?.image ?? []).toString()).toBe('GIF89a..');
  });

  it('can be a form', async () => {
    const { app, asked } = fakeService({ deps: { demo: true } });
    for (const [path, fields] of [
      ['/predict', [['text', 'a dog']]],
      [PIXELS_PATH, []],
    ] as const) {
      const form = new Response(formOf([['image', Buffer.from('GIF89a..')], ...fields]));
      const response = await app.request(path, {
        method: 'POST',
        body: Uint8Array.from(gzipSync(new Uint8Array(await form.arrayBuffer()))),
        headers: { 'content-type': form.headers.get('content-type') ?? '', 'content-encoding': 'gzip' },
      });
      expect(response.status).toBe(200);
    }
    expect(asked).toMatchObject([{ hypotheses: ['a dog'] }]);
  });

  it.each(['br', 'zstd', 'gzip, gzip', 'deflate, gzip', 'compress', 'constructor'])(
    'in %s is refused with the accepted encodings',
    async (encoding) => {
      const response = await post(fakeService(), gzipSync(OK), encoding);
      expect(response.headers.get('accept-encoding')).toBe('gzip, deflate');
      await expectProblem(response, 415, 'unsupported-media-type', 'Content-Encoding');
    },
  );

  it.each<[string, string, Uint8Array]>([
    ['is not compressed', 'gzip', OK],
    ['is truncated', 'gzip', gzipSync(OK).subarray(0, -9)],
    ['has a wrong checksum', 'gzip', Buffer.concat([gzipSync(OK).subarray(0, -8), Buffer.alloc(8)])],
    ['is not in the zlib format', 'deflate', deflateRawSync(OK)],
    ['is truncated', 'deflate', deflateSync(OK).subarray(0, -5)],
    ['is followed by other data', 'deflate', Buffer.concat([deflateSync(OK), Buffer.alloc(200_000)])],
    ['is followed by other data', 'gzip', Buffer.concat([gzipSync(OK), Buffer.of(1)])],
  ])('that %s (%s) is malformed', async (_, encoding, body) => {
    const service = fakeService();
    const format = encoding === 'gzip' ? 'in gzip' : 'in the zlib format, as its Content-Encoding deflate says';
    expect(await expectProblem(await post(service, body, encoding), 400, 'malformed-body')).toBe(
      `The body is truncated or not ${format}.`,
    );
    expect([service.asked, service.admission.held, service.uploads.bytes]).toEqual([[], 0, 0]);
  });

  it.each<[string, (content: Buffer) => Buffer, string]>([
    ['gzip', gzipSync, '/predict'],
    ['deflate', deflateSync, '/predict'],
    ['gzip', gzipSync, '/v2/models/fake/infer'],
  ])('is refused as soon as its content is too large (%s)', async (encoding, encode, path) => {
    const service = fakeService({ maxBodyMb: 1 });
    const { body, sent } = bomb(encode, 200 * MIB);
    const before = process.memoryUsage().arrayBuffers;
    const response = await post(service, body, encoding, path);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * MIB);
    await expectProblem(response, 413, 'body-too-large');
    // 1 MiB of content is 1 KiB of it; as much is read ahead as a stream of Node.js holds.
    expect(sent()).toBeLessThan(16 * 1024 + getDefaultHighWaterMark(false));
    expect([service.admission.held, service.uploads.bytes]).toEqual([0, 0]);
  });

  it('is refused when it is too large itself', async () => {
    const service = fakeService({ maxBodyMb: 1 });
    const endless = new ReadableStream<Uint8Array>({
      // Empty blocks (RFC 1951): any number of them stand for nothing.
      start: (controller) => {
        controller.enqueue(deflateSync('').subarray(0, 2));
      },
      pull: (controller) => {
        controller.enqueue(Buffer.alloc(65_535 - (65_535 % 5), Buffer.from([0, 0, 0, 0xff, 0xff])));
      },
    });
    await expectProblem(await post(service, endless, 'deflate'), 413, 'body-too-large');
  });

  it('counts with its content towards the memory of all bodies', async () => {
    const service = fakeService({ maxBodyMb: 8, maxBodyBytes: MIB });
    await expectProblem(await post(service, gzipSync(Buffer.alloc(2 * MIB)), 'gzip'), 429, 'overloaded');
    expect(service.uploads.bytes).toBe(0);
  });

  it('is read until its client leaves', async () => {
    const service = fakeService();
    const controller = new AbortController();
    const body = new ReadableStream<Uint8Array>({
      start: (stream) => {
        stream.enqueue(gzipSync(OK).subarray(0, 20));
      },
    });
    const init: RequestInit & { duplex: 'half' } = {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      signal: controller.signal,
      duplex: 'half',
    };
    const aborted = once(controller.signal, 'abort');
    setTimeout(() => {
      controller.abort();
    }, 20);
    expect((await service.app.request('/predict', init)).status).toBe(503);
    await aborted;
    expect(service.summaries).toMatchObject([{ status: 499 }]);
    expect([service.admission.held, service.uploads.arriving, service.uploads.bytes]).toEqual([0, 0, 0]);
  });
});
