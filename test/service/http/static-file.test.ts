import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { fakeService } from './fake-service.ts';

const ASSET = '/docs/swagger-ui-bundle.js';

function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return Promise.resolve(fakeService().app.request(path, { headers }));
}

describe.each(['/docs', '/docs/swagger-ui.css', '/docs/start.js', '/openapi.json'])('%s', (path) => {
  it('is not sent again while it is unchanged', async () => {
    const etag = (await get(path)).headers.get('etag') ?? '';
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await get(path, { 'if-none-match': known });
      expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', etag]);
    }
    expect((await get(path, { 'if-none-match': '"other"' })).status).toBe(200);
  });
});

it('is compressed for clients that accept it, under another entity tag', async () => {
  const plain = await get(ASSET);
  expect(plain.headers.get('content-encoding')).toBeNull();
  expect(plain.headers.get('vary')).toBe('Accept-Encoding');
  const text = await plain.text();
  expect(plain.headers.get('content-length')).toBe(String(Buffer.byteLength(text)));
  const packed = await get(ASSET, { 'accept-encoding': 'br, gzip;q=0.9' });
  expect(packed.headers.get('content-encoding')).toBe('gzip');
  expect(packed.headers.get('etag')).not.toBe(plain.headers.get('etag'));
  const bytes = Buffer.from(await packed.arrayBuffer());
  expect(gunzipSync(bytes).toString()).toBe(text);
  expect(text.length / bytes.length).toBeGreaterThan(3);
});

it.each(['gzip;q=0', 'br', 'identity', ''])('is not compressed for "Accept-Encoding: %s"', async (accepted) => {
  expect((await get(ASSET, { 'accept-encoding': accepted })).headers.get('content-encoding')).toBeNull();
});

it('has the same headers without a body for HEAD', async () => {
  const head = await fakeService().app.request(ASSET, { method: 'HEAD' });
  expect([head.status, await head.text()]).toEqual([200, '']);
  expect(Number(head.headers.get('content-length'))).toBeGreaterThan(1_000_000);
});
