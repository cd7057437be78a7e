import { describe, expect, it } from 'vitest';
import { expectProblem, fakeService, postJson } from '../fake-service.ts';

const PICTURE = Uint8Array.of(1, 2, 3, 4);
const BASE64 = Buffer.from(PICTURE).toString('base64');
const ok = { image: BASE64, text: 'a dog' };

describe('JSON is refused', () => {
  it.each([
    ['that is malformed', '{"image":', 400, 'malformed-body', undefined],
    ['that is empty', '', 400, 'malformed-body', undefined],
    ['that is not an object', '[1]', 400, 'malformed-body', undefined],
    ['that is null', 'null', 400, 'malformed-body', undefined],
    ['without an image', { text: 'a dog' }, 400, 'missing-field', 'image'],
    ['without a text', { image: BASE64 }, 400, 'missing-field', 'text'],
    ['with an image that is a number', { ...ok, image: 1 }, 400, 'invalid-field', 'image'],
    ['with an image that is not base64', { ...ok, image: '%%%%' }, 400, 'invalid-field', 'image'],
    ['with foreign characters in the image', { ...ok, image: `${BASE64} ` }, 400, 'invalid-field', 'image'],
    ['with an empty image', { ...ok, image: '' }, 400, 'invalid-field', 'image'],
    ['with a URL instead of an image', { ...ok, image: 'http://localhost/a.png' }, 400, 'invalid-field', 'image'],
    ['with a data URI without base64', { ...ok, image: 'data:image/png,abc' }, 400, 'invalid-field', 'image'],
    ['with a text that is a number', { ...ok, text: 5 }, 400, 'invalid-field', 'text'],
    ['with a text that is null', { ...ok, text: null }, 400, 'missing-field', 'text'],
    ['with an image that is null', { ...ok, image: null }, 400, 'invalid-field', 'image'],
    ['with a text that is too long', { ...ok, text: 'a'.repeat(10_001) }, 400, 'invalid-field', 'text'],
    ['with a premise that is a list', { ...ok, premise: ['a'] }, 400, 'invalid-field', 'premise'],
    ['with text and texts', { ...ok, texts: ['a'] }, 400, 'invalid-field', 'texts'],
    ['with texts that is not a list', { image: BASE64, texts: 'a' }, 400, 'invalid-field', 'texts'],
    ['with no texts', { image: BASE64, texts: [] }, 400, 'invalid-field', 'texts'],
    ['with too many texts', { image: BASE64, texts: Array(33).fill('a') }, 400, 'invalid-field', 'texts'],
    ['with a text in texts that is not a text', { image: BASE64, texts: ['a', 1] }, 400, 'invalid-field', 'texts'],
  ])('%s', async (_, body, status, problem, field) => {
    const { app, asked, admission } = fakeService();
    await expectProblem(await postJson(app, body), status, problem, field);
    expect(asked).toEqual([]);
    expect(admission.held).toBe(0);
  });

  it('with the names of unknown fields where one is missing', async () => {
    const { app } = fakeService();
    const detail = async (body: object): Promise<string> =>
      expectProblem(await postJson(app, body), 400, 'missing-field', 'text' in body ? 'image' : 'text');
    expect(await detail({ image: BASE64 })).toBe('The field "text" is missing.');
    expect(await detail({ image: BASE64, txt: 'a' })).toBe('The field "text" is missing. Unknown fields: "txt".');
    expect(await detail({ text: 'a', img: 1, b: 2, c: 3, d: 4, e: 5 })).toBe(
      'The field "image" is missing. Unknown fields: "img", "b", "c" and 2 more.',
    );
  });

  it('with the path of the wrong value', async () => {
    const response = await postJson(fakeService().app, { image: BASE64, texts: ['a', 1] });
    expect(await expectProblem(response, 400, 'invalid-field', 'texts')).toBe('The field "texts[1]" must be a text.');
  });

  it('with a hint that URLs are not fetched', async () => {
    const response = await postJson(fakeService().app, { ...ok, image: 'https://example.org/a.jpg' });
    expect(await expectProblem(response, 400, 'invalid-field', 'image')).toContain('the service does not fetch URLs');
  });

  it('with a hint that bytes were printed', async () => {
    for (const image of [`b'${BASE64}'`, `b"${BASE64}"`]) {
      const response = await postJson(fakeService().app, { ...ok, image });
      expect(await expectProblem(response, 400, 'invalid-field', 'image')).toContain(
        "b'...' is how Python prints bytes",
      );
    }
  });

  it('with a hint where a form has made spaces of plus signs', async () => {
    for (const image of [`${BASE64} `, `data:image/png;base64, ${BASE64}`]) {
      const response = await postJson(fakeService().app, { ...ok, image });
      expect(await expectProblem(response, 400, 'invalid-field', 'image')).toContain('it contains spaces');
    }
    const response = await postJson(fakeService().app, { ...ok, image: 'a dog, or a cat.' });
    expect(await expectProblem(response, 400, 'invalid-field', 'image')).not.toContain('spaces');
  });

  it('as empty where a browser wrote a canvas without pixels', async () => {
    const response = await postJson(fakeService().app, { ...ok, image: 'data:,' });
    expect(await expectProblem(response, 400, 'invalid-field', 'image')).toBe('The field "image" is empty.');
  });

  it.each(['multipart/form-data; boundary=b', 'text/plain'])('at its own path if it is %s', async (type) => {
    const { app } = fakeService();
    const response = await app.request('/predict/json', {
      method: 'POST',
      body: JSON.stringify(ok),
      headers: { 'content-type': type },
    });
    await expectProblem(response, 415, 'unsupported-media-type', 'Content-Type');
  });

  it('if it is not UTF-8', async () => {
    const { app } = fakeService();
    const body = Uint8Array.of(0x7b, 0xff, 0x7d);
    const headers = { 'content-type': 'application/json' };
    await expectProblem(await app.request('/predict', { method: 'POST', body, headers }), 400, 'malformed-body');
  });
});
