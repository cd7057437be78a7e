import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseForm } from '../../../../service/http/body/form.ts';
import type { RequestBody } from '../../../../service/http/body/request-body.ts';
import { bodyOf } from './body-of.ts';

/** Limits that none of these forms exceeds. */
const LIMITS = {
  known: new Set(['image', 'text']),
  parts: 9,
  textBytes: 100,
  tooLong: 'is too long',
  repeated: { name: 'text', most: 9, tooMany: 'is repeated too often' },
};
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
