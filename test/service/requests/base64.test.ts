import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase64, decodeImage } from '../../../service/requests/base64.ts';

const IMAGE = Buffer.from(Uint8Array.from({ length: 60_001 }, (_, i) => (i * 31 + (i >> 7)) & 255));
const BASE64 = IMAGE.toString('base64');

describe('decodeBase64', () => {
  it.each<[string, (base64: string) => string]>([
    ['as it is', (text) => text],
    ['without padding', (text) => text.replace(/=+$/, '')],
    ['in the URL-safe alphabet', (text) => Buffer.from(text, 'base64').toString('base64url')],
    ['in lines', (text) => text.replaceAll(/.{76}/g, '$&\r\n')],
    ['as a data URI', (text) => `data:image/png;base64,${text}`],
    ['as a percent-encoded data URI', (text) => `data:image/png;base64,${encodeURIComponent(`${text}\r\n`)}`],
    ['as a data URI with parameters, in capitals', (text) => `DATA:image/png;a=b;Base64,${text}`],
  ])('decodes any bytes %s', (_, write) => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (bytes) => {
        const decoded = decodeBase64(write(Buffer.from(bytes).toString('base64')));
        expect(decoded?.equals(bytes)).toBe(true);
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['an empty data URI', 'data:image/png;base64,'],
    ['foreign characters', `${BASE64.slice(0, 40_000)}%${BASE64.slice(40_001)}`],
    ['a foreign character more', `${BASE64.slice(0, 40_000)}%${BASE64.slice(40_000)}`],
    ['spaces', `${BASE64.slice(0, 40_000)} ${BASE64.slice(40_000)}`],
    ['padding within', `${BASE64.slice(0, 40_000)}==${BASE64.slice(40_002)}`],
    ['a character that stands for no byte', 'QUJDR'],
    ['percent-encoding outside of a data URI', encodeURIComponent(BASE64)],
    ['a malformed escape', `data:image/png;base64,${BASE64}%3`],
    ['an escaped foreign character', `data:image/png;base64,${BASE64.slice(0, 40_000)}%20${BASE64.slice(40_000)}`],
    ['a data URI without base64', `data:image/png,${BASE64}`],
    ['a sentence', 'the dog is brown and '.repeat(5000)],
  ])('refuses %s', (_, text) => {
    expect(decodeBase64(text)).toBeUndefined();
  });

  it('refuses a foreign character anywhere', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 30 }),
        fc.nat(),
        fc.constantFrom('%', ' ', '.', '\u00e9', '\ud83d', '"'),
        fc.boolean(),
        (bytes, position, foreign, replaces) => {
          const text = Buffer.from(bytes).toString('base64url');
          const at = position % text.length;
          const odd = text.slice(0, at) + foreign + text.slice(at + (replaces ? 1 : 0));
          expect(decodeBase64(odd)).toBeUndefined();
        },
      ),
    );
  });
});

describe('decodeImage', () => {
  const otherwise = 'must be an image file in base64, or a data URI with base64';

  it('gives the bytes of an image', () => {
    expect([...decodeImage('QUJD', 'image')]).toEqual([65, 66, 67]);
  });

  it.each([
    ['nothing', '', 'is empty.'],
    ['an empty data URI', 'DATA:image/png;base64,\r\n', 'is empty.'],
    ['an address', 'HTTPS://example.com/a.png', `${otherwise}; the service does not fetch URLs.`],
    [
      'bytes as Python prints them',
      "b'/9j/4AAQ'",
      `${otherwise}; b'...' is how Python prints bytes: send base64.b64encode(...).decode().`,
    ],
    ['a sentence about both', 'not http: but b"\n', `${otherwise}.`],
  ])('says what is wrong with %s', (_, text, sentence) => {
    const message = `The field "image" ${sentence}`;
    expect(() => decodeImage(text, 'image')).toThrow(expect.objectContaining({ message }) as Error);
  });
});
