import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson, readJsonBody } from '../../../../service/http/body/json.ts';
import { HttpProblem } from '../../../../service/requests/problem.ts';
import { bodyOf } from './body-of.ts';

const MAX_BYTES = 16 * 1024 * 1024;

function parse(json: string | Uint8Array): unknown {
  const bytes = Uint8Array.from(Buffer.from(json));
  return parseJson({ bytes, jsonLength: bytes.length });
}

function problemOf(json: string | Uint8Array): string {
  try {
    parse(json);
  } catch (error) {
    if (error instanceof HttpProblem) return error.problem;
    throw error;
  }
  return 'none';
}

describe('readJsonBody', () => {
  const tooLarge = {
    problem: 'body-too-large',
    message: expect.stringContaining('multipart form') as string,
  };

  it.each([65_536, 1000, 7])('joins chunks of %i bytes', async (chunkSize) => {
    const bytes = Buffer.alloc(100_000, 'abcdefg');
    const read = await readJsonBody(bodyOf(bytes, { chunkSize }));
    expect([Buffer.from(read.bytes).equals(bytes), read.jsonLength]).toEqual([true, bytes.length]);
  });

  it('accepts 16 MiB of JSON, and binary data behind it', async () => {
    const bytes = Buffer.alloc(MAX_BYTES + 5, ' ');
    expect((await readJsonBody(bodyOf(bytes.subarray(5)))).bytes.length).toBe(MAX_BYTES);
    const { bytes: all, jsonLength } = await readJsonBody(bodyOf(bytes), MAX_BYTES);
    expect([all.length, jsonLength]).toEqual([MAX_BYTES + 5, MAX_BYTES]);
  });

  it('refuses more JSON as soon as it arrives', async () => {
    await expect(readJsonBody(bodyOf(Buffer.alloc(MAX_BYTES + 1)))).rejects.toMatchObject(tooLarge);
  });

  it('refuses more JSON before it is read if a header announces it', async () => {
    const body = bodyOf(new Uint8Array(1), { headers: { 'content-length': String(MAX_BYTES + 1) } });
    await expect(readJsonBody(body)).rejects.toMatchObject(tooLarge);
    await expect(readJsonBody(bodyOf(new Uint8Array(1)), MAX_BYTES + 1)).rejects.toMatchObject(tooLarge);
  });
});

describe('parseJson', () => {
  it('agrees with JSON.parse', () => {
    fc.assert(
      fc.property(fc.json({ stringUnit: 'binary' }), (json) => {
        expect(parse(json)).toEqual(JSON.parse(Buffer.from(json).toString()));
      }),
    );
  });

  it('parses only the JSON at the start of a body', () => {
    expect(parseJson({ bytes: Uint8Array.from(Buffer.from('{"a":1}\0\x01')), jsonLength: 7 })).toEqual({
      a: 1,
    });
  });

  it.each([
    ['nothing', ''],
    ['an unterminated string', '"'],
    ['an unterminated escape', '{"a":"\\'],
    ['a truncated image', `{"image":"${'A'.repeat(80_000)}`],
    ['invalid UTF-8', Uint8Array.of(0x22, 0xff, 0x22)],
  ])('refuses %s', (_, json) => {
    expect(problemOf(json)).toBe('malformed-body');
  });

  const gzipped = gzipSync('{"text":"a dog"}');
  it.each([
    ['nothing', '', 'is empty'],
    ['white space', ' \r\n', 'is empty'],
    ['UTF-16', Buffer.from('\ufeff{"text":"a"}', 'utf16le'), 'is in UTF-16 or UTF-32'],
    ['UTF-16 without a mark', Buffer.from('{"text":"a"}', 'utf16le'), 'is in UTF-16 or UTF-32'],
    ['big-endian UTF-16', Buffer.from('\ufeff{"text":"a"}', 'utf16le').swap16(), 'is in UTF-16 or UTF-32'],
    ['Latin-1', Buffer.from('{"text":"gro\xdf"}', 'latin1'), 'is not in UTF-8'],
    ['undeclared gzip', gzipped, 'is compressed by gzip'],
    ['a trailing comma', '{"text":"a",}', 'its syntax is wrong at character 13.'],
    ['single quotes', "{'text':'a'}", 'its syntax is wrong at character 2.'],
    ['a line break in a text', '{"text":"a\nb"}', 'its syntax is wrong at character 11.'],
    ['two objects', '{"text":"a"}\n{"text":"b"}', 'its syntax is wrong at character 14.'],
    ['a number that JSON lacks', '{"text":NaN, "at position 3":1}', 'it has "N" where that is not allowed.'],
    ['an end within a text', '{"text":"a do', 'it ends too early.'],
    ['an end within an object', '{"text":"a"', 'it ends too early.'],
  ])('says what is wrong with %s, and quotes no text', (_, json, fault) => {
    expect(() => parse(json)).toThrow(
      expect.objectContaining({
        problem: 'malformed-body',
        message: expect.stringContaining(fault) as string,
      }) as Error,
    );
    expect(() => parse(json)).not.toThrow('dog');
  });

  it.each([
    ['numbers', `[${'1,'.repeat(33_000)}1]`],
    ['whitespace', `{${' '.repeat(66_000)}}`],
    ['short texts', `[${'"a",'.repeat(33_000)}1]`],
    ['escaped texts', `[${'"\\"\\\\",'.repeat(66_000)}1]`],
    ['nested lists', `${'['.repeat(40_000)}"${'A'.repeat(80_000)}"${']'.repeat(40_000)}`],
  ])('refuses too many %s', (_, json) => {
    expect(problemOf(json)).toBe('body-too-large');
  });

  it('accepts the longest texts, however they are escaped', () => {
    const text = '\\u00e9\\"'.repeat(5000);
    const value = parse(`{"texts":[${`"${text}",`.repeat(32)}"${text}"]}`);
    expect(value).toEqual({ texts: Array(33).fill('é"'.repeat(5000)) });
  });

  it('accepts the longest lists, however they are indented', () => {
    const names = ['image', 'text', 'premise'];
    const data = Array.from({ length: 32 }, () => ['a']);
    const body = { inputs: names.map((name) => ({ name, shape: [32, 1], datatype: 'BYTES', data })) };
    expect(parse(JSON.stringify(body, null, 10))).toEqual(body);
  });
});
