import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseForm } from '../../../../service/http/body/form.ts';
import type { RequestBody } from '../../../../service/http/body/request-body.ts';
import { bodyOf } from './body-of.ts';
import { LIMITS } from './form-limits.ts';

const KIB = 1024;

function formBody(bytes: Buffer, chunkSize: number, headers: Record<string, string> = {}): RequestBody {
  return bodyOf(bytes, {
    chunkSize,
    headers: { 'content-type': 'multipart/form-data; boundary=b', ...headers },
  });
}

function formWith(image: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from('--b\r\ncontent-disposition: form-data; name="image"; filename="a"\r\n\r\n'),
    image,
    Buffer.from('\r\n--b\r\ncontent-disposition: form-data; name="text"\r\n\r\na dog\r\n--b--\r\n'),
  ]);
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('parseForm', () => {
  // Bytes that look like the end of a part, over and over.
  const image = Buffer.alloc(5e6, '\r\n--\r\n--c\r\n');

  it.each([64 * KIB, 1000, 7])('reads a form in chunks of %i bytes', async (size) => {
    const bytes = formWith(image.subarray(0, 100_000));
    const { files, texts } = await parseForm(formBody(bytes, size), LIMITS);
    expect(texts.get('text')).toEqual(['a dog']);
    expect(Buffer.from(files.get('image')?.[0] ?? []).equals(image.subarray(0, 100_000))).toBe(true);
  });

  it.each(['', '; filename="a"'])('refuses a part without a name (%j)', async (rest) => {
    const bytes = Buffer.from(`--b\r\ncontent-disposition: form-data${rest}\r\n\r\na dog\r\n--b--\r\n`);
    await expect(parseForm(formBody(bytes, 1000), LIMITS)).rejects.toMatchObject({
      problem: 'malformed-body',
      message: expect.stringContaining('has no name') as unknown,
    });
  });

  it.each([
    ['of other bytes', 'hello'],
    ['that is empty', ''],
    ['of another boundary', formWith(Buffer.from('a')).toString().replaceAll('--b', '--c')],
    ['whose lines end in LF', formWith(Buffer.from('a')).toString().replaceAll('\r\n', '\n')],
  ])('names the boundary where it finds no part in a form %s', async (_, text) => {
    await expect(parseForm(formBody(Buffer.from(text), 1000), LIMITS)).rejects.toMatchObject({
      problem: 'malformed-body',
      message: expect.stringMatching(/^The form has no parts: .*boundary.*CR LF/) as unknown,
    });
  });

  it('does not where a form is cut off', async () => {
    const bytes = formWith(Buffer.from('a')).subarray(0, 100);
    await expect(parseForm(formBody(bytes, 1000), LIMITS)).rejects.toMatchObject({
      message: expect.stringContaining('is truncated') as unknown,
    });
  });

  it('names the parts that it does not know, and leaves them out', async () => {
    const head = Buffer.from('--b\r\ncontent-disposition: form-data; name="other"; filename="b"\r\n\r\n');
    const other = Buffer.concat([head, image.subarray(0, 200 * KIB), Buffer.from('\r\n')]);
    const form = await parseForm(formBody(Buffer.concat([other, other, formWith(image.subarray(0, 9))]), 1000), LIMITS);
    expect([...form.unknown]).toEqual(['other']);
    expect([[...form.files.keys()], [...form.texts.keys()]]).toEqual([['image'], ['text']]);
  });

  it('reads as many parts as are allowed, and refuses more', async () => {
    const form = (count: number): Buffer => {
      const part = '--b\r\ncontent-disposition: form-data; name="image"; filename="a"\r\n\r\na\r\n';
      return Buffer.from(`${part.repeat(count)}--b--\r\n`);
    };
    expect((await parseForm(formBody(form(9), 1000), LIMITS)).files.get('image')).toHaveLength(9);
    await expect(parseForm(formBody(form(10), 1000), LIMITS)).rejects.toMatchObject({
      problem: 'malformed-body',
      message: 'The form has more than 9 parts.',
    });
  });

  it.each(['multipart/form-data', ''])('refuses a form without a boundary (%j)', async (type) => {
    const body = formBody(formWith(image.subarray(0, 9)), 1000, { 'content-type': type });
    await expect(parseForm(body, LIMITS)).rejects.toMatchObject({
      problem: 'malformed-body',
      message: expect.stringMatching(/^The Content-Type of the form has no boundary: /) as unknown,
    });
  });

  it('refuses a text where a file belongs', async () => {
    const part = textPart(Buffer.from('a.png')).toString().replace('name="text"', 'name="image"');
    await expect(parseForm(formBody(Buffer.from(part), 1000), LIMITS)).rejects.toMatchObject({
      problem: 'invalid-field',
      message: 'The field "image" must be a file.',
    });
  });

  it.each([150, 40])('refuses a form that ends within a part, after %i bytes', async (length) => {
    const bytes = formWith(image.subarray(0, 1000)).subarray(0, length);
    await expect(parseForm(formBody(bytes, 64), LIMITS)).rejects.toMatchObject({ problem: 'malformed-body' });
  });

  const textPart = (text: Uint8Array, headers = ''): Buffer =>
    Buffer.concat([
      Buffer.from(`--b\r\ncontent-disposition: form-data; name="text"${headers}\r\n\r\n`),
      text,
      Buffer.from('\r\n--b--\r\n'),
    ]);

  it.each([64 * KIB, 1])('reads a text in UTF-8 as it is, in chunks of %i bytes', async (size) => {
    const text = '\ufeffein großer Hund 🐕 \ufffd';
    const { texts } = await parseForm(formBody(textPart(Buffer.from(text)), size), LIMITS);
    expect(texts.get('text')).toEqual([text]);
  });

  it.each([
    ['Latin-1', Buffer.from('gro\xdfer Hund', 'latin1'), ''],
    ['declared Latin-1', Buffer.from('gro\xdfer Hund', 'latin1'), '\r\ncontent-type: text/plain; charset=iso-8859-1'],
    ['a surrogate', Buffer.from([0xed, 0xa0, 0x80]), ''],
    ['a character that is cut off', Buffer.from('ß').subarray(0, 1), ''],
  ])('refuses a text that is not UTF-8: %s', async (_, text, headers) => {
    await expect(parseForm(formBody(textPart(text, headers), 1000), LIMITS)).rejects.toMatchObject({
      problem: 'invalid-field',
      field: 'text',
      message: 'The field "text" must be a text in UTF-8.',
    });
  });

  it.each(['base64', 'Quoted-Printable'])('refuses a part in %s, which would be taken as it is', async (encoding) => {
    const headers = `\r\ncontent-transfer-encoding: ${encoding}`;
    for (const name of ['text', 'image']) {
      const part = textPart(Buffer.from('YSBkb2c='), headers).toString().replace('name="text"', `name="${name}"`);
      await expect(parseForm(formBody(Buffer.from(part), 1000), LIMITS)).rejects.toMatchObject({
        problem: 'invalid-field',
        field: name,
        message: expect.stringContaining('without the Content-Transfer-Encoding') as unknown,
      });
    }
  });

  it.each(['binary', '8bit', '7bit'])('reads a part in %s', async (encoding) => {
    const bytes = textPart(Buffer.from('großer Hund'), `\r\ncontent-transfer-encoding: ${encoding}`);
    const { texts } = await parseForm(formBody(bytes, 1000), LIMITS);
    expect(texts.get('text')).toEqual(['großer Hund']);
  });

  it('keeps the order of repeated texts, whatever their length', async () => {
    const texts = Array.from({ length: 9 }, (_, index) => String(index).repeat(index % 2 === 0 ? 90 : 1));
    const parts = texts.map((text) => `--b\r\ncontent-disposition: form-data; name="text"\r\n\r\n${text}\r\n`);
    const form = await parseForm(formBody(Buffer.from(`${parts.join('')}--b--\r\n`), 40), LIMITS);
    expect(form.texts.get('text')).toEqual(texts);
  });

  it.each([
    ['of the same name', ['text', 'text', 'text']],
    ['in brackets', ['text[]', 'text[]', 'text[]']],
    ['in brackets with indexes', ['text[0]', 'text[1]', 'text[2]']],
  ])('reads repeated texts %s', async (_, names) => {
    const parts = names.map((name, i) => `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${i}\r\n`);
    const form = await parseForm(formBody(Buffer.from(`${parts.join('')}--b--\r\n`), 40), LIMITS);
    expect(form.texts).toEqual(new Map([['text', ['0', '1', '2']]]));
  });

  it('orders texts by their indexes, which maps of clients do not keep', async () => {
    const parts = [10, 2, 0].map(
      (index) => `--b\r\ncontent-disposition: form-data; name="text[${index}]"\r\n\r\n${index}\r\n`,
    );
    const form = await parseForm(formBody(Buffer.from(`${parts.join('')}--b--\r\n`), 40), LIMITS);
    expect(form.texts.get('text')).toEqual(['0', '2', '10']);
  });

  it.each(['image[]', 'text[a]', 'text[0][1]', '[]'])('does not know the field %s', async (name) => {
    const part = `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\na\r\n--b--\r\n`;
    expect([...(await parseForm(formBody(Buffer.from(part), 40), LIMITS)).unknown]).toEqual([name]);
  });

  it.each([
    ['["a dog", "a cat"]', ['a dog', 'a cat']],
    ['["a dog"]', ['a dog']],
    ['["a dog", 1]', ['["a dog", 1]']],
    ['["a dog" barks', ['["a dog" barks']],
    ['"a dog"', ['"a dog"']],
    ['[a dog]', ['[a dog]']],
  ])('reads the text %s', async (text, expected) => {
    const { texts } = await parseForm(formBody(textPart(Buffer.from(text)), 1000), LIMITS);
    expect(texts.get('text')).toEqual(expected);
  });

  it('refuses a text one byte too long', async () => {
    expect((await parseForm(formBody(textPart(Buffer.alloc(100, 'a')), 64), LIMITS)).texts.get('text')).toHaveLength(1);
    await expect(parseForm(formBody(textPart(Buffer.alloc(101, 'a')), 64), LIMITS)).rejects.toMatchObject({
      message: 'The field "text" is too long.',
    });
  });

  it('never copies a large file at once', async () => {
    const bytes = formWith(image);
    const concat = vi.spyOn(Buffer, 'concat');
    const copy = vi.spyOn(Buffer.prototype as Buffer, 'copy');
    const from = vi.spyOn(Buffer, 'from');
    const body = formBody(bytes, 64 * KIB, { 'content-length': String(bytes.length) });
    const { files } = await parseForm(body, LIMITS);
    for (const { value } of copy.mock.results) expect(value).toBeLessThanOrEqual(64 * KIB);
    for (const [parts] of concat.mock.calls) {
      expect(parts.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(128 * KIB);
    }
    for (const [source] of from.mock.calls) expect((source as Buffer).length).toBeLessThan(128 * KIB);
    vi.restoreAllMocks();
    expect(Buffer.from(files.get('image')?.[0] ?? []).equals(image)).toBe(true);
  });
});
