import { describe, expect, it } from 'vitest';
import { expectProblem, fakeService, postJson, postStream } from '../fake-service.ts';

const ok = { image: Buffer.from([1, 2, 3]).toString('base64'), text: 'a dog' };

describe('a body', () => {
  it.each(['gzip', 'br', 'Deflate'])('that is compressed (%s) is refused with 415', async (encoding) => {
    const { app } = fakeService();
    await expectProblem(
      await postJson(app, ok, { 'content-encoding': encoding }),
      415,
      'unsupported-media-type',
      'Content-Encoding',
    );
    expect((await postJson(app, ok, { 'content-encoding': 'identity' })).status).toBe(200);
  });

  it('that announces too many bytes is refused before it is read', async () => {
    const { app } = fakeService({ maxBodyMb: 1 });
    let read = false;
    const body = new ReadableStream(
      {
        pull: (controller) => {
          read = true;
          controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    const headers = { 'content-type': 'application/json', 'content-length': String(1024 * 1024 + 1) };
    await expectProblem(await postStream(app, body, headers), 413, 'body-too-large');
    expect(read).toBe(false);
  });

  it.each(['application/json', 'multipart/form-data; boundary=b'])(
    'that has too many bytes is refused as it arrives (%s)',
    async (type) => {
      const { app, admission } = fakeService({ maxBodyMb: 1 });
      let sent = 0;
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => {
          controller.enqueue(Buffer.from('--b\r\ncontent-disposition: form-data; name="image"; filename="a"\r\n\r\n'));
        },
        pull: (controller) => {
          sent += 65_536;
          controller.enqueue(new Uint8Array(65_536));
        },
      });
      await expectProblem(await postStream(app, body, { 'content-type': type }), 413, 'body-too-large');
      expect(sent).toBeLessThan(2 * 1024 * 1024);
      expect(admission.held).toBe(0);
    },
  );
});
