import { describe, expect, it } from 'vitest';
import { expectProblem, fakeService, formOf, postForm, postStream } from '../fake-service.ts';

const PICTURE = Uint8Array.of(1, 2, 3, 4);
const IMAGE: [string, Uint8Array] = ['image', PICTURE];

it('names the unknown fields of a form where one is missing', async () => {
  const form = formOf([IMAGE, ['sentence', 'a'], ['sentence', 'b']]);
  const detail = await expectProblem(await postForm(fakeService().app, form), 400, 'missing-field', 'text');
  expect(detail).toBe('The field "text" is missing. Unknown fields: "sentence".');
});

it('reads lists as forms of PHP, Ruby and JavaScript have them', async () => {
  for (const names of [
    ['text[]', 'text[]'],
    ['text[0]', 'text[1]'],
  ]) {
    const form = formOf([IMAGE, ...names.map((name, index): [string, string] => [name, `a dog ${index}`])]);
    const response = await postForm(fakeService().app, form);
    expect([response.status, await response.json()]).toEqual([
      200,
      expect.objectContaining({ results: [expect.anything(), expect.anything()] }),
    ]);
  }
});

it('names a single text of a form by its field, and one of several by its place', async () => {
  const long = 'a'.repeat(10_001);
  for (const [texts, name] of [
    [[long], 'text'],
    [['a', long], 'text[1]'],
  ] as const) {
    const form = formOf([IMAGE, ...texts.map((text): [string, string] => ['text', text])]);
    const detail = await expectProblem(await postForm(fakeService().app, form), 400, 'invalid-field', 'text');
    expect(detail).toBe(`The field "${name}" must not be longer than 10000 characters.`);
  }
});

describe('a form is refused', () => {
  it.each([
    ['without an image', [['text', 'a dog']], 'missing-field', 'image'],
    ['without a text', [['image', PICTURE]], 'missing-field', 'text'],
    [
      'with an image that is not a file',
      [
        ['image', 'abc'],
        ['text', 'a dog'],
      ],
      'invalid-field',
      'image',
    ],
    [
      'with two images',
      [
        ['image', PICTURE],
        ['image', PICTURE],
        ['text', 'a'],
      ],
      'invalid-field',
      'image',
    ],
    [
      'with an image as file and as text',
      [
        ['image', PICTURE],
        ['image', 'a'],
        ['text', 'a'],
      ],
      'invalid-field',
      'image',
    ],
    [
      'with two premises',
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
      'with a text that is too long',
      [
        ['image', PICTURE],
        ['text', 'a'.repeat(10_001)],
      ],
      'invalid-field',
      'text',
    ],
    [
      'with a text of 50,000 bytes',
      [
        ['image', PICTURE],
        ['text', 'a'.repeat(50_000)],
      ],
      'invalid-field',
      'text',
    ],
  ] as [string, [string, string | Uint8Array][], string, string][])('%s', async (_, fields, problem, field) => {
    const { app, asked, admission } = fakeService();
    await expectProblem(await postForm(app, formOf(fields)), 400, problem, field);
    expect(asked).toEqual([]);
    expect(admission.held).toBe(0);
  });

  it.each([33, 48, 60, 300])('with %i texts', async (length) => {
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

  it.each([10_001, 40_000, 40_001, 200_000])('with a text of %i characters, naming the limit', async (length) => {
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

  it('but not with 10,000 characters that take two UTF-16 units each', async () => {
    const { app } = fakeService();
    const ask = (text: string): Promise<Response> => postForm(app, formOf([IMAGE, ['text', text]]));
    expect((await ask('😀'.repeat(10_000))).status).toBe(200);
    await expectProblem(await ask('😀'.repeat(10_001)), 400, 'invalid-field', 'text');
  });

  it('with the field "texts" of JSON, naming the right one', async () => {
    const { app } = fakeService();
    const form = formOf([
      ['image', PICTURE],
      ['texts', 'a'],
    ]);
    expect(await expectProblem(await postForm(app, form), 400, 'invalid-field', 'texts')).toContain('repeat "text"');
  });

  it.each(['text', 'premise', 'explain'])('with the field %s as a file, whatever is in it', async (field) => {
    const { app } = fakeService();
    const form = formOf([IMAGE, ['text', 'a'], [field, Buffer.from('true')]]);
    expect(await expectProblem(await postForm(app, form), 400, 'invalid-field', field)).toBe(
      `The field "${field}" must not be a file: its part must have neither a filename nor the type application/octet-stream.`,
    );
  });

  it('with the field "texts" as a file', async () => {
    const { app } = fakeService();
    const form = formOf([IMAGE, ['text', 'a'], ['texts', PICTURE]]);
    await expectProblem(await postForm(app, form), 400, 'invalid-field', 'texts');
  });

  it('with hundreds of parts', async () => {
    const { app } = fakeService();
    const parts = Array.from({ length: 300 }, (_, i): [string, string] => [`part${i}`, 'x']);
    await expectProblem(await postForm(app, formOf(parts)), 400, 'malformed-body');
  });

  it.each([
    ['no boundary', 'multipart/form-data', 'x'],
    ['no parts', 'multipart/form-data; boundary=b', 'x'],
    ['nothing', 'multipart/form-data; boundary=b', ''],
    [
      'an unterminated part',
      'multipart/form-data; boundary=b',
      '--b\r\ncontent-disposition: form-data; name="image"; filename="a.png"\r\n\r\nabc',
    ],
  ])('with %s', async (_, contentType, body) => {
    const { app, admission } = fakeService();
    const headers = { 'content-type': contentType };
    await expectProblem(await app.request('/predict', { method: 'POST', body, headers }), 400, 'malformed-body');
    expect(admission.held).toBe(0);
  });
});

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
    const fault = type === '' ? 'is missing' : `"${type}" is not accepted`;
    expect(detail).toBe(`The Content-Type ${fault}: it must be multipart/form-data or application/json.`);
  },
);

describe('texts as JSON in a form', () => {
  const ask = async (parts: readonly string[]): Promise<unknown> => {
    const { app, asked } = fakeService();
    const form = formOf([IMAGE]);
    // A part's Content-Type; without a name it would be a file.
    const head = '--b\r\ncontent-disposition: form-data; name="text"\r\ncontent-type: application/json\r\n\r\n';
    const texts = parts.map((part) => `${head}${part}\r\n`).join('');
    const image = Buffer.from(await new Response(form).arrayBuffer());
    const boundary = image.subarray(2, image.indexOf('\r\n')).toString();
    const body = Buffer.concat([Buffer.from(texts.replaceAll('--b\r\n', `--${boundary}\r\n`)), image]);
    const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` };
    const response = await app.request('/predict', { method: 'POST', body, headers });
    return response.status === 200 ? asked[0]?.hypotheses : await expectProblem(response, 400, 'invalid-field', 'text');
  };

  it('may be a text or a list, which some clients send once for each element', async () => {
    expect(await ask(['"a, b"'])).toEqual(['a, b']);
    expect(await ask(['["a, b"]'])).toEqual(['a, b']);
    expect(await ask(['["a","b"]', '["a","b"]'])).toEqual(['a', 'b']);
    expect(await ask(['"a"', '"a"'])).toEqual(['a', 'a']);
  });

  it.each([['[1]'], ['{"a":1}'], ['[a'], ['null'], ['']])('is refused if it is %s', async (part) => {
    expect(await ask([part])).toBe('The field "text" must be a text, or a list of texts as JSON.');
  });

  it('may be the premise and explain, too', async () => {
    const { app, asked } = fakeService();
    const parts = Object.entries({ text: '"a \\"dog\\""', premise: '"It \\u0069s late."', explain: 'false' });
    const head = '\r\ncontent-type: application/json\r\n\r\n';
    const form = parts.map(([name, json]) => `--b\r\ncontent-disposition: form-data; name="${name}"${head}${json}\r\n`);
    const image = '--b\r\ncontent-disposition: form-data; name="image"; filename="a"\r\n\r\na\r\n';
    const headers = { 'content-type': 'multipart/form-data; boundary=b' };
    const body = `${form.join('')}${image}--b--\r\n`;
    expect((await app.request('/predict', { method: 'POST', body, headers })).status).toBe(200);
    expect(asked[0]).toMatchObject({ hypotheses: ['a "dog"'], premise: 'It is late.' });
  });

  it('may not exceed the number of texts', async () => {
    expect(await ask([JSON.stringify(Array(33).fill('a'))])).toBe('The field "text" must not hold more than 32 texts.');
  });
});
