import { describe, expect, it } from 'vitest';
import { expectProblem, fakeService, formOf, postForm } from '../fake-service.ts';

const PICTURE = Uint8Array.of(1, 2, 3, 4);
const IMAGE: [string, Uint8Array] = ['image', PICTURE];

describe('a form that is refused', () => {
  it.each([
    ['without an image', [['text', 'a dog']], 'missing-field', 'image'],
    ['without a text', [['image', PICTURE]], 'missing-field', 'text'],
    [
      'an image that is no file',
      [
        ['image', 'abc'],
        ['text', 'a dog'],
      ],
      'invalid-field',
      'image',
    ],
    [
      'two images',
      [
        ['image', PICTURE],
        ['image', PICTURE],
        ['text', 'a'],
      ],
      'invalid-field',
      'image',
    ],
    [
      'an image as file and as text',
      [
        ['image', PICTURE],
        ['image', 'a'],
        ['text', 'a'],
      ],
      'invalid-field',
      'image',
    ],
    [
      'a text that is a file',
      [
        ['image', PICTURE],
        ['text', PICTURE],
      ],
      'invalid-field',
      'text',
    ],
    [
      'two premises',
      [
        ['image', PICTURE],
        ['text', 'a'],
        ['premise', 'a'],
        ['premise', 'b'],
      ],
      'invalid-field',
      'premise',
    ],
    [
      'a text that is too long',
      [
        ['image', PICTURE],
        ['text', 'a'.repeat(10_001)],
      ],
      'invalid-field',
      'text',
    ],
    [
      'a text of 50,000 bytes',
      [
        ['image', PICTURE],
        ['text', 'a'.repeat(50_000)],
      ],
      'invalid-field',
      'text',
    ],
    [
      'a field that is not known',
      [
        ['image', PICTURE],
        ['text', 'a'],
        ['texts', 'a'],
      ],
      'invalid-field',
      'texts',
    ],
    [
      'a field of a name that objects have',
      [
        ['image', PICTURE],
        ['text', 'a'],
        ['__proto__', 'a'],
      ],
      'invalid-field',
      '__proto__',
    ],
    [
      'a file of a name that objects have',
      [
        ['image', PICTURE],
        ['text', 'a'],
        ['__proto__', PICTURE],
      ],
      'invalid-field',
      '__proto__',
    ],
  ] as [string, [string, string | Uint8Array][], string, string][])(
    '%s',
    async (_, fields, problem, field) => {
      const { app, asked, admission } = fakeService();
      await expectProblem(await postForm(app, formOf(fields)), 400, problem, field);
      expect(asked).toEqual([]);
      expect(admission.held).toBe(0);
    },
  );

  it.each([33, 48, 60, 300])('%i texts', async (length) => {
    const { app } = fakeService();
    const texts = Array.from({ length }, (_, i): [string, string] => ['text', `text ${i}`]);
    for (const fields of [
      [IMAGE, ...texts],
      [...texts, IMAGE],
    ]) {
      const response = await postForm(app, formOf(fields));
      expect(await expectProblem(response, 400, 'invalid-field', 'text')).toBe(
        'The field "text" must not hold more than 32 texts.',
      );
    }
  });

  it.each([10_001, 40_000, 40_001, 200_000])('a text of %i characters, with the limit', async (length) => {
    const long = 'a'.repeat(length);
    const { app } = fakeService();
    const text = await postForm(app, formOf([IMAGE, ['text', long]]));
    expect(await expectProblem(text, 400, 'invalid-field', 'text')).toMatch(
      /^The field "text(\[0\])?" must not be longer than 10000 characters\.$/,
    );
    const premise = await postForm(app, formOf([IMAGE, ['text', 'a'], ['premise', long]]));
    expect(await expectProblem(premise, 400, 'invalid-field', 'premise')).toBe(
      'The field "premise" must not be longer than 10000 characters.',
    );
  });

  it('texts under the name that they have in JSON, with what is right', async () => {
    const { app } = fakeService();
    const form = formOf([
      ['image', PICTURE],
      ['texts', 'a'],
    ]);
    expect(await expectProblem(await postForm(app, form), 400, 'invalid-field', 'texts')).toContain(
      'repeat "text"',
    );
  });

  it('hundreds of parts', async () => {
    const { app } = fakeService();
    const parts = Array.from({ length: 300 }, (_, i): [string, string] => [`part${i}`, 'x']);
    await expectProblem(await postForm(app, formOf(parts)), 400, 'malformed-body');
  });

  it.each([
    ['no boundary', 'multipart/form-data', 'x'],
    ['no parts', 'multipart/form-data; boundary=b', 'x'],
    ['nothing', 'multipart/form-data; boundary=b', ''],
    [
      'a part that never ends',
      'multipart/form-data; boundary=b',
      '--b\r\ncontent-disposition: form-data; name="image"; filename="a.png"\r\n\r\nabc',
    ],
  ])('with %s', async (_, contentType, body) => {
    const { app, admission } = fakeService();
    const headers = { 'content-type': contentType };
    await expectProblem(
      await app.request('/predict', { method: 'POST', body, headers }),
      400,
      'malformed-body',
    );
    expect(admission.held).toBe(0);
  });
});
