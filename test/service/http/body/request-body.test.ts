import { describe, expect, it } from 'vitest';
import { expectProblem, fakeService, postJson, postStream } from '../fake-service.ts';

describe('a body', () => {
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

  it.each([
    ['announced', { 'content-length': String(1024 * 1024) }],
    ['not announced', {}],
  ])('of exactly as many bytes as are allowed is read (%s)', async (_, headers) => {
    const { app } = fakeService({ maxBodyMb: 1 });
    const body = JSON.stringify({ image: 'A'.repeat(1024 * 1000), text: 'a dog' }).padEnd(1024 * 1024);
    expect((await postJson(app, body, headers)).status).toBe(200);
    await expectProblem(await postJson(app, `${body} `), 413, 'body-too-large');
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
