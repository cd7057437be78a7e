import { describe, expect, it } from 'vitest';
import { expectProblem, fakeService } from '../fake-service.ts';

const PICTURE = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0x0d, 0x0a]);

/** Asks with an image whose part has neither a name of a file nor other headers than these. */
async function ask(
  image: Uint8Array,
  headers: string,
  path = '/predict',
): Promise<{ response: Response; got: unknown }> {
  const { app, asked } = fakeService({ deps: { demo: true } });
  const body = Buffer.concat([
    Buffer.from(`--b\r\ncontent-disposition: form-data; name="image"${headers}\r\n\r\n`),
    image,
    Buffer.from('\r\n--b\r\ncontent-disposition: form-data; name="text"\r\n\r\na dog\r\n--b--\r\n'),
  ]);
  const type = { 'content-type': 'multipart/form-data; boundary=b' };
  const response = await app.request(path, { method: 'POST', body, headers: type });
  return { response, got: asked[0]?.image };
}

describe('an image in a form', () => {
  it.each(['image/jpeg', 'Image/JPEG; name=a', 'application/octet-stream', 'binary/octet-stream', 'multipart/x'])(
    'is a file if it has only the type %s',
    async (type) => {
      const { response, got } = await ask(PICTURE, `\r\ncontent-type: ${type}`);
      expect(response.status).toBe(200);
      expect(PICTURE.equals(got as Uint8Array)).toBe(true);
    },
  );

  const base64 = Buffer.from(PICTURE.toString('base64'));
  it.each([
    ['base64', base64, ''],
    ['more base64 than a text may have', Buffer.alloc(100_000, 'abcd'), ''],
    ['a file without a type', PICTURE, ''],
    ['a text', base64, '\r\ncontent-type: text/plain; charset=utf-8'],
    ['a text as JSON', Buffer.from('"abc"'), '\r\ncontent-type: application/json'],
  ])('must be a file, not %s', async (_, image, headers) => {
    for (const path of ['/predict', '/demo/pixels']) {
      const { response, got } = await ask(image, headers, path);
      expect(await expectProblem(response, 400, 'invalid-field', 'image')).toBe(
        'The field "image" must be a file: its part needs a filename, or a type such as image/jpeg (curl -F image=@FILE).',
      );
      expect(got).toBeUndefined();
    }
  });
});
