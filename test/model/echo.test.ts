import { describe, expect, it, test, vi } from 'vitest';
import { ConfigError } from '../../infra/config/check.ts';
import { echo, shorten, withoutUserInfo } from '../../model/echo.ts';
import { UserError } from '../../model/errors.ts';
import { makeLogger } from '../../service/observability/logger.ts';
import { HttpProblem } from '../../service/requests/problem.ts';

describe('an echoed text', () => {
  it.each([
    ['a terminal sequence', '\x1b[2Jgone', '\\u001b[2Jgone'],
    ['a new line', 'one\r\ntwo\tthree', 'one\\r\\ntwo\\tthree'],
    ['a line separator', 'one\u2028two\u0085', 'one\\u2028two\\u0085'],
    ['a change of direction', 'exe\u202egpj', 'exe\\u202egpj'],
    ['an isolate', '\u2066x\u2069', '\\u2066x\\u2069'],
    ['a zero-width space and joiners', 'a\u200bb\u200dc\ufeff', 'a\\u200bb\\u200dc\\ufeff'],
    ['a letter without a shape', 'a\u3164', 'a\\u3164'],
    ['a lone surrogate', 'a\ud800b', 'a\\ud800b'],
    ['a character for tags', 'a\u{e0041}', 'a\\u{e0041}'],
  ])('shows %s as an escape', (_, text, shown) => {
    expect(echo(text)).toBe(shown);
  });

  it('keeps what can be seen', () => {
    const text = 'Zwei "rote" Äpfel, 两个, شخصان, 🍎 & 100 % at 5:00 by me@example.org.';
    expect(echo(text)).toBe(text);
  });

  it.each([
    ['connect to http://me:secret@proxy:3128 failed', 'connect to http://***@proxy:3128 failed'],
    ['https://secret@host/path?a=b@c', 'https://***@host/path?a=b@c'],
    ['https://me:se@cret@host', 'https://***@host'],
    [`${'x'.repeat(100)}://me:secret@host`, `${'x'.repeat(100)}://***@host`],
    ['one HTTP://a:b@c, two socks5://d:e@f', 'one HTTP://***@c, two socks5://***@f'],
  ])('hides the password in %s', (text, shown) => {
    expect(echo(text)).toBe(shown);
  });

  it('is there at once, however long a word is', () => {
    const word = 'a'.repeat(500_000);
    // With the square of the length, it would take minutes.
    expect(echo(word)).toBe(word);
  }, 30_000);
});

test('a long name is repeated by its beginning and its end', () => {
  expect(shorten('x'.repeat(200))).toBe('x'.repeat(200));
  expect(shorten(`data:image/png;base64,${'A'.repeat(4000)}==`)).toBe(
    `data:image/png;base64,${'A'.repeat(127)}…${'A'.repeat(48)}==`,
  );
  const [before = '', after = ''] = shorten('🐕'.repeat(200)).split('…');
  expect([before, after].map((part) => part.replaceAll('🐕', ''))).toEqual(['\ufffd', '']);
});

test.each([
  ['http://me:secret@host/path', 'http://***@host/path'],
  ['http://me:se/cr@et@host', 'http://***@host'],
  ['me:secret@host', '***@host'],
  ['http://me:sec\nret@host', 'http://***@host'],
  ['http://host/path', 'http://host/path'],
])('the whole address %j is shown as %j', (address, shown) => {
  expect(withoutUserInfo(address)).toBe(shown);
});

describe('every sentence about a mistake is safe to print', () => {
  const text = 'It is "\x1b[31m\u202e" at http://me:secret@host.';
  const safe = 'It is "\\u001b[31m\\u202e" at http://***@host.';

  it.each([
    ['of a command', new UserError('input-unreadable', text).message],
    ['of a request', new HttpProblem('invalid-field', text).message],
    ['of a configuration', new ConfigError([text]).mistakes[0]],
  ])('%s', (_, message) => {
    expect(message).toBe(safe);
  });

  it('of the log', () => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    makeLogger('info').warn({ detail: text, status: 400 }, 'request');
    const lines = write.mock.calls.map(([line]) => String(line));
    write.mockRestore();
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ detail: safe, status: 400, msg: 'request' });
  });
});
