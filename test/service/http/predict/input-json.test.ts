import { describe, expect, it } from 'vitest';
import { expectProblem, fakeService, postJson, postStream } from '../fake-service.ts';

const PICTURE = Uint8Array.of(1, 2, 3, 4);
const BASE64 = Buffer.from(PICTURE).toString('base64');
const ok = { image: BASE64, text: 'a dog' };

describe('JSON that is refused', () => {
  it.each([
    ['not JSON', '{"image":', 400, 'malformed-body', undefined],
    ['empty', '', 400, 'malformed-body', undefined],
    ['not an object', '[1]', 400, 'malformed-body', undefined],
    ['null', 'null', 400, 'malformed-body', undefined],
    ['without an image', { text: 'a dog' }, 400, 'missing-field', 'image'],
    ['without a text', { image: BASE64 }, 400, 'missing-field', 'text'],
    ['an image that is a number', { ...ok, image: 1 }, 400, 'invalid-field', 'image'],
    ['an image that is no base64', { ...ok, image: '%%%%' }, 400, 'invalid-field', 'image'],
    ['an image with foreign characters', { ...ok, image: `${BASE64} ` }, 400, 'invalid-field', 'image'],
    ['an empty image', { ...ok, image: '' }, 400, 'invalid-field', 'image'],
    [
      'an address instead of an image',
      { ...ok, image: 'http://localhost/a.png' },
      400,
      'invalid-field',
      'image',
    ],
    ['a data URI without base64', { ...ok, image: 'data:image/png,abc' }, 400, 'invalid-field', 'image'],
    ['a text that is a number', { ...ok, text: 5 }, 400, 'invalid-field', 'text'],
    ['a text that is null', { ...ok, text: null }, 400, 'invalid-field', 'text'],
    ['a text that is too long', { ...ok, text: 'a'.repeat(10_001) }, 400, 'invalid-field', 'text'],
    ['a premise that is a list', { ...ok, premise: ['a'] }, 400, 'invalid-field', 'premise'],
    ['text and texts', { ...ok, texts: ['a'] }, 400, 'invalid-field', 'texts'],
    ['texts that are one text', { image: BASE64, texts: 'a' }, 400, 'invalid-field', 'texts'],
    ['no texts', { image: BASE64, texts: [] }, 400, 'invalid-field', 'texts'],
    ['too many texts', { image: BASE64, texts: Array(33).fill('a') }, 400, 'invalid-field', 'texts'],
    ['a text among texts that is none', { image: BASE64, texts: ['a', 1] }, 400, 'invalid-field', 'texts'],
    ['a field that is not known', { ...ok, premis: 'a' }, 400, 'invalid-field', 'premis'],
    ['a field of a name that objects have', { ...ok, toString: 'a' }, 400, 'invalid-field', 'toString'],
  ])('%s', async (_, body, status, problem, field) => {
    const { app, asked, admission } = fakeService();
    await expectProblem(await postJson(app, body), status, problem, field);
    expect(asked).toEqual([]);
    expect(admission.held).toBe(0);
  });

  it('with the place of what is wrong', async () => {
    const response = await postJson(fakeService().app, { image: BASE64, texts: ['a', 1] });
    expect(await expectProblem(response, 400, 'invalid-field', 'texts')).toBe(
      'The field "texts[1]" must be a text.',
    );
  });

  it('says that an address is not opened', async () => {
    const response = await postJson(fakeService().app, { ...ok, image: 'https://example.org/a.jpg' });
    expect(await expectProblem(response, 400, 'invalid-field', 'image')).toContain(
      'the service does not fetch URLs',
    );
  });

  it('in bytes that are no UTF-8', async () => {
    const { app } = fakeService();
    const body = Uint8Array.of(0x7b, 0xff, 0x7d);
    const headers = { 'content-type': 'application/json' };
    await expectProblem(
      await app.request('/predict', { method: 'POST', body, headers }),
      400,
      'malformed-body',
    );
  });
});

describe('a body', () => {
  it.each(['text/plain', 'application/x-www-form-urlencoded', 'image/png', ''])(
    'of type "%s" is refused with 415',
    async (type) => {
      const { app } = fakeService();
      const headers: Record<string, string> = type === '' ? {} : { 'content-type': type };
      const body = new Blob(['image=a']).stream();
      const detail = await expectProblem(
        await postStream(app, body, headers),
        415,
        'unsupported-media-type',
        'Content-Type',
      );
      expect(detail).toContain('multipart/form-data or application/json');
    },
  );

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

  it('that announces to be too large is refused before it is read', async () => {
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
    'that turns out to be too large is refused on the way (%s)',
    async (type) => {
      const { app, admission } = fakeService({ maxBodyMb: 1 });
      let sent = 0;
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => {
          controller.enqueue(
            Buffer.from('--b\r\ncontent-disposition: form-data; name="image"; filename="a"\r\n\r\n'),
          );
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
