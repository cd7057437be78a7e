import { describe, expect, it } from 'vitest';
import { textWarnings } from '../../../model/input/text-warnings.ts';

const settings = { maxWords: 5, maxTokens: 10 };
const codes = (text: string): string[] => textWarnings(settings, { truncatedTokens: 0 }, text).map(({ code }) => code);

describe('a warning about a text', () => {
  it.each([
    ['a\tcat', 'control-character', 'U+0009'],
    ['a\ncat', 'control-character', 'U+000A'],
    ['a\x7fcat', 'control-character', 'U+007F'],
    ['a\xa0cat', 'no-break-space', 'U+00A0'],
    ['a\u202fcat', 'no-break-space', 'U+202F'],
    ['a\u200bcat', 'zero-width-space', 'U+200B'],
    ['a cat\ufeff', 'zero-width-space', 'U+FEFF'],
    ['a \u200fcat', 'bidi-mark', 'U+200F'],
    ['a \u2066cat', 'bidi-mark', 'U+2066'],
    ['a c\ufffdt', 'replacement-character', 'U+FFFD'],
    ['a c\ud800t', 'replacement-character', 'U+FFFD'],
  ])('names the character: %j', (text, code, point) => {
    const warnings = textWarnings(settings, { truncatedTokens: 0 }, text);
    expect(warnings).toEqual([{ code, field: 'text', problem: expect.stringContaining(`(${point})`) as unknown }]);
  });

  it('is a sentence', () => {
    const [lost] = textWarnings(settings, { truncatedTokens: 0 }, 'a c\ufffdt');
    expect(lost?.problem).toBe(
      'contains a replacement for characters that were lost before (U+FFFD), which the model reads and which can change its answer',
    );
  });

  it('is absent for what cleaning removes, and for what the model does not read', () => {
    expect(codes('a \t\xa0 cat\n')).toEqual([]);
    expect(codes('Ein Kätzchen – ja 🐈')).toEqual([]);
    expect(codes('1 2 3 4 5 6\t7')).toEqual(['words-cut-off']);
  });

  it('counts what is cut off', () => {
    const warnings = textWarnings(settings, { truncatedTokens: 3 }, 'a cat', '1 2 3 4 5 6 7');
    expect(warnings.map(({ code, field, problem }) => [code, field, problem])).toEqual([
      ['words-cut-off', 'premise', 'is too long: the model reads 5 words of it, and the last 2 are cut off'],
      ['tokens-cut-off', 'text', 'does not fit: the model reads 10 tokens of the prompt, and the last 3 are cut off'],
    ]);
    const [words, tokens] = textWarnings(settings, { truncatedTokens: 1 }, '1 2 3 4 5 6');
    expect(words?.problem).toMatch(/ 5 words of it, and the last one is cut off$/);
    expect(tokens?.problem).toMatch(/ 10 tokens of the prompt, and the last one is cut off$/);
  });
});
