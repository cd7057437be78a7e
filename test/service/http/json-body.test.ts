import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { JsonReader } from '../../../service/http/body/json-body.ts';
import { LongText } from '../../../service/http/body/long-text.ts';
import { HttpProblem } from '../../../service/http/problems/problem.ts';

/** Bytes that stand for more base64 than is kept as text. */
const IMAGE = Buffer.from(Uint8Array.from({ length: 60_001 }, (_, i) => (i * 31 + (i >> 7)) & 255));
const BASE64 = IMAGE.toString('base64');

/** Reads JSON that arrives in chunks of these sizes, over and over. */
function read(json: string | Uint8Array, sizes: readonly number[] = [65_536], expected = 0): unknown {
  const bytes = Buffer.from(json);
  const reader = new JsonReader(expected);
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    reader.push(bytes.subarray(at, at + size));
    at += size;
  }
  return reader.finish();
}

function imageOf(value: unknown): Buffer | undefined {
  const { image } = value as { image: unknown };
  if (!(image instanceof LongText)) throw new Error('the image was kept as it is');
  return image.bytes === undefined ? undefined : Buffer.from(image.bytes);
}

function problemOf(json: string | Uint8Array): string {
  try {
    read(json);
  } catch (error) {
    if (error instanceof HttpProblem) return error.problem;
    throw error;
  }
  return 'none';
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('JSON that arrives in parts', () => {
  it('is what JSON.parse makes of the whole, wherever it is cut', () => {
    fc.assert(
      fc.property(
        fc.json({ stringUnit: 'binary' }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        fc.boolean(),
        (json, sizes, escape) => {
          // Every character outside ASCII as an escape, too.
          const text = escape
            ? json.replaceAll(/[^ -~]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
            : json;
          expect(read(text, sizes)).toEqual(JSON.parse(Buffer.from(text).toString()));
        },
      ),
    );
  });

  it('is refused where JSON.parse refuses the whole', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.constantFrom('"', '\\', '', '{', ']', '\n'), (json, at, odd) => {
        const cut = at % (json.length + 1);
        const text = json.slice(0, cut) + odd + json.slice(cut + 1);
        let isJson = true;
        try {
          JSON.parse(text);
        } catch {
          isJson = false;
        }
        expect(problemOf(text) === 'none').toBe(isJson);
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['a string that does not end', '"'],
    ['an escape that does not end', '{"a":"\\'],
    ['an image that does not end', `{"image":"${BASE64}`],
    ['bytes that are no UTF-8', Uint8Array.of(0x22, 0xff, 0x22)],
    ['lists too deep to look into', `${'['.repeat(30_000)}"${BASE64}"${']'.repeat(30_000)}`],
  ])('is malformed with %s', (_, json) => {
    expect(problemOf(json)).toBe('malformed-body');
  });
});

describe('an image in JSON', () => {
  it.each([
    ['as it is', BASE64],
    ['with its slashes escaped', BASE64.replaceAll('/', '\\/')],
    ['with its signs escaped', BASE64.replaceAll('+', '\\u002B').replaceAll('/', '\\u002f')],
    ['in the URL-safe alphabet', IMAGE.toString('base64url')],
    ['in lines', BASE64.replaceAll(/.{76}/g, '$&\\r\\n')],
    ['as a data URI', `data:image/png;base64,${BASE64}`],
    ['as a data URI with its slashes escaped', `data:image\\/png;base64,${BASE64.replaceAll('/', '\\/')}`],
  ])('is decoded while it arrives, %s', (_, text) => {
    for (const sizes of [[65_536], [10_007], [1, 3, 7, 500], [60_000, 1, 2]]) {
      const value = read(`{"text":"a \\"dog\\"","image":"${text}","premise":"b"}`, sizes, text.length);
      expect(value).toMatchObject({ text: 'a "dog"', premise: 'b' });
      expect(imageOf(value)?.equals(IMAGE)).toBe(true);
    }
  });

  it.each([
    ['has foreign characters', `${BASE64.slice(0, 70_000)}%${BASE64.slice(70_001)}`],
    ['ends before its end', `${BASE64.slice(0, 40_000)}==${BASE64.slice(40_002)}`],
    ['is another data URI', `data:image/png,${BASE64}`],
    ['is a long sentence', 'the dog is brown and '.repeat(5000)],
  ])('is none where it %s', (_, text) => {
    expect(imageOf(read(JSON.stringify({ image: text })))).toBeUndefined();
  });

  it('is no other one: nobody can name an image that came before', () => {
    const seen = vi.spyOn(JSON, 'parse');
    read(`["${BASE64}"]`);
    const [mark] = /[0-9a-f-]{36}\d/.exec(seen.mock.calls[0]?.[0] ?? '') ?? [];
    expect(mark).toBeDefined();
    expect(read(`["${mark ?? ''}","${BASE64}"]`)).toEqual([mark, expect.any(LongText)]);
  });

  it('of any size is never one text, nor copied as a whole', () => {
    const image = Buffer.alloc(30e6, IMAGE);
    const json = Buffer.from(JSON.stringify({ image: image.toString('base64'), text: 'a' }));
    const toString = vi.spyOn(Buffer.prototype as Buffer, 'toString');
    const copy = vi.spyOn(Buffer.prototype as Buffer, 'copy');
    const concat = vi.spyOn(Buffer, 'concat');
    const parse = vi.spyOn(JSON, 'parse');
    const value = read(json, [65_536], json.length);
    expect(toString).toHaveBeenCalled();
    for (const { value } of toString.mock.results) expect(String(value).length).toBeLessThan(2 * 65_536);
    for (const { value } of copy.mock.results) expect(value).toBeLessThan(2 * 65_536);
    expect(concat).not.toHaveBeenCalled();
    expect(parse.mock.calls.map(([text]) => text.length < 200)).toEqual([true]);
    vi.restoreAllMocks();
    expect(imageOf(value)?.equals(image)).toBe(true);
  });
});

describe('what is too much to parse in one go', () => {
  it.each([
    ['numbers', `[${'1,'.repeat(33_000)}1]`],
    ['spaces', `{${' '.repeat(66_000)}}`],
    ['short texts', `[${'"a",'.repeat(33_000)}1]`],
    ['long texts', `[${`"${'a'.repeat(59_999)}",`.repeat(80)}1]`],
  ])('%s', (_, json) => {
    expect(problemOf(json)).toBe('body-too-large');
  });

  it('is none of the longest texts that are allowed, however they are written', () => {
    const text = '\\u00e9'.repeat(10_000);
    const value = read(`{"texts":[${`"${text}",`.repeat(32)}"${text}"],"image":"${BASE64}"}`);
    expect(value).toMatchObject({ texts: Array(33).fill('é'.repeat(10_000)) });
  });

  it('is none of the longest lists that are allowed, however wide they are written', () => {
    const names = ['image', 'text', 'premise'];
    const data = Array.from({ length: 32 }, () => ['a']);
    const body = { inputs: names.map((name) => ({ name, shape: [32, 1], datatype: 'BYTES', data })) };
    expect(read(JSON.stringify(body, null, 10))).toEqual(body);
  });
});
