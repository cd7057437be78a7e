import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readConfig } from '../../../model/compile/checkpoint/config.ts';
import { buildTokenizerJson, loadTokenizer } from '../../../model/package/tokenizer.ts';
import { buildPrompt, clean, encodePrompt, isBlank, type TextSettings } from '../../../model/input/tokens.ts';

const FIXTURES = join(import.meta.dirname, '../../fixtures/ofa');

function tokenizerOf(name: string): ReturnType<typeof loadTokenizer> {
  const read = (file: string): string => readFileSync(join(FIXTURES, name, file), 'utf8');
  return loadTokenizer(buildTokenizerJson(read('vocab.json'), read('merges.txt')));
}

const PROMPTS = {
  hypothesis: ' does the image describe " {} "?',
  premise: ' can image and text1 " {} " imply text2 " {} "?',
};
const tokenizer = tokenizerOf('mini-none');
const settings = (more: Partial<TextSettings> = {}): TextSettings => ({
  prompts: PROMPTS,
  maxWords: 80,
  maxTokens: 80,
  lengths: [82],
  specialTokens: tokenizer.special,
  ...more,
});

interface ExpectedCase {
  readonly text: string;
  readonly text2?: string;
  readonly prompt: string;
  readonly input_ids: number[];
}

describe.each(['mini-none', 'mini-prev-output'])('the reference of %s', async (name) => {
  const expected = JSON.parse(readFileSync(join(FIXTURES, name, 'expected.json'), 'utf8')) as ExpectedCase[];
  const { task } = await readConfig(join(FIXTURES, name));
  const own = tokenizerOf(name);

  test.each(expected)('has the same prompt and ids for $text', ({ text, text2, prompt, input_ids: ids }) => {
    const { prompts, maxSrcLength } = task;
    const given = settings({ prompts, maxWords: maxSrcLength, maxTokens: maxSrcLength });
    expect(encodePrompt(own, given, text, text2)).toEqual({
      prompt,
      ids,
      truncatedTokens: 0,
      truncatedWords: 0,
    });
  });
});

/** Text, largest number of words, and the result of the reference's `pre_caption` in Python. */
const CLEANED: readonly (readonly [string, number, string])[] = [
  ['', 3, ''],
  ['  ', 3, ''],
  ['Hello World', 3, 'hello world'],
  ['...!?#:;~*,.Start', 3, 'start'],
  ['  ...not stripped', 3, '...not stripped'],
  ['-dash', 3, 'dash'],
  ['--dash', 3, 'dash'],
  ['red-and/or-blue', 3, 'red and or'],
  ['a - b', 3, 'a b'],
  ['<person> and <PERSON> and < person>', 3, 'person and person'],
  ['<per-son>', 3, '<per son>'],
  ['a  b\t\tc\n\nd', 3, 'a b c'],
  ['a\tb\nc', 3, 'a\tb\nc'],
  ['end\n', 3, 'end'],
  ['end\n\n', 3, 'end'],
  ['end \n', 3, 'end'],
  ['end\n ', 3, 'end'],
  ['end\t\n', 3, 'end'],
  ['\n start', 3, 'start'],
  ['\u0085\u0085x', 3, 'x'],
  ['a\u0085b', 3, 'a\u0085b'],
  ['a\u0085\u0085b', 3, 'a b'],
  ['a\ufeff\ufeffb', 3, 'a\ufeff\ufeffb'],
  ['a\u200b\u200bb', 3, 'a\u200b\u200bb'],
  ['a\u00a0 b', 3, 'a b'],
  ['a\u3000\u3000b', 3, 'a b'],
  ['x\u001c\u001dy', 3, 'x y'],
  ['x\u001cy', 3, 'x\u001cy'],
  ['\u001cx', 3, '\u001cx'],
  [
    '\u039f\u0394\u039f\u03a3 \u03a3\u0391\u03a3 \u0391\u03a3. \u03a3',
    3,
    '\u03bf\u03b4\u03bf\u03c2 \u03c3\u03b1\u03c2 \u03b1\u03c2.',
  ],
  ['\u0130I', 3, 'i\u0307i'],
  ['\u1e9e \u01c5 \ufb01', 3, '\u00df \u01c6 \ufb01'],
  ['\u2028\u2029', 3, ''],
  ['a\r\nb', 3, 'a b'],
  ['\r\n', 3, ''],
  ['tail -', 3, 'tail'],
  ['tail /\n', 3, 'tail'],
  ['/', 3, ''],
  ['one two three four', 3, 'one two three'],
  ['one  two   three four', 3, 'one two three'],
  ['one two three  ', 3, 'one two three'],
  ['a \u00a0', 3, 'a'],
  ['!a!', 3, 'a!'],
  ['~~ b', 3, 'b'],
  ['\u00a0a\u00a0', 3, '\u00a0a\u00a0'],
];

describe('cleaning', () => {
  test.each(CLEANED)('%j, %i words', (text, maxWords, expected) => {
    expect(clean(text, maxWords).text).toBe(expected);
  });

  test('counts the words that it cuts off', () => {
    expect(clean('one two  three four\n', 3)).toEqual({ text: 'one two three', truncatedWords: 1 });
    expect(clean('one two three', 3)).toEqual({ text: 'one two three', truncatedWords: 0 });
    expect(clean('', 1)).toEqual({ text: '', truncatedWords: 0 });
  });

  test('replaces lone surrogates', () => {
    expect(clean('a\ud83d b', 9).text).toBe('a\ufffd b');
  });

  test('leaves no space at either end and no consecutive whitespace', () => {
    const parts = fc.constantFrom(' ', '  ', '\n', '\t', '\u00a0', '-', '/', 'a', 'B', '.', '~', '\u001c');
    const text = fc.array(parts).map((all) => all.join(''));
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 5 }), (input, maxWords) => {
        const cleaned = clean(input, maxWords).text;
        expect(cleaned).toMatch(/^(?! )(?:[^\s\x1c]|[\s\x1c](?![\s\x1c]))*$/);
        expect(cleaned.endsWith(' ')).toBe(false);
        expect(cleaned.split(' ').length).toBeLessThanOrEqual(maxWords);
      }),
    );
  });
});

describe('prompts', () => {
  test('contain the hypothesis, or the premise and the hypothesis', () => {
    expect(buildPrompt(settings(), 'A cat.').prompt).toBe(' does the image describe " a cat. "?');
    expect(buildPrompt(settings(), 'A cat.', 'A dog.').prompt).toBe(
      ' can image and text1 " a dog. " imply text2 " a cat. "?',
    );
  });

  test('treat an empty premise as a premise', () => {
    expect(buildPrompt(settings(), 'x', '').prompt).toBe(' can image and text1 "  " imply text2 " x "?');
  });

  test('do not interpret {} in the texts', () => {
    expect(buildPrompt(settings(), '{} $& $1', '{}').prompt).toBe(
      ' can image and text1 " {} " imply text2 " {} $& $1 "?',
    );
  });

  test('limit the words of each text', () => {
    expect(buildPrompt(settings({ maxWords: 2 }), 'a b c', 'd e f g')).toEqual({
      prompt: ' can image and text1 " d e " imply text2 " a b "?',
      truncatedWords: 3,
    });
  });

  test.each([
    [{ hypothesis: 'is {}?', premise: 'is {}?' }, 'x', 'y', /no room for a premise: send only the hypothesis\.$/],
    [{ hypothesis: '{} so {}?', premise: '{} so {}?' }, 'x', undefined, /needs a premise: send one with/],
  ])('of a custom template require as many texts as it has {}: %j', (prompts, text, premise, message) => {
    expect(() => buildPrompt(settings({ prompts }), text, premise)).toThrow(
      expect.objectContaining({
        name: 'UserError',
        code: 'input-unreadable',
        message: expect.stringMatching(message) as string,
      }),
    );
  });
});

describe('a text without words', () => {
  test.each(['', ' ', '\n', '\u3000', '?!', ' - / ', '\ufeff', '\ufeff \ufeff'])('is %j', (text) => {
    expect(isBlank(text)).toBe(true);
  });

  test.each(['a', '?! a', '\ufeffa', '\ufeff a'])('is not %j', (text) => {
    expect(isBlank(text)).toBe(false);
  });
});

describe('ids', () => {
  test('are the first tokens of the prompt between <s> and </s>', () => {
    const whole = encodePrompt(tokenizer, settings(), 'there is a circle');
    const tokens = whole.ids.slice(1, -1);
    expect(encodePrompt(tokenizer, settings({ maxTokens: 5 }), 'there is a circle')).toEqual({
      prompt: whole.prompt,
      ids: [0, ...tokens.slice(0, 5), 2],
      truncatedTokens: tokens.length - 5,
      truncatedWords: 0,
    });
  });

  test("use the package's ids of <s> and </s>", () => {
    const { ids } = encodePrompt(tokenizer, settings({ specialTokens: { bos: 7, pad: 1, eos: 8 } }), 'x');
    expect([ids.at(0), ids.at(-1)]).toEqual([7, 8]);
  });

  test('never contain a control token that a text spells', () => {
    const { ids } = encodePrompt(tokenizer, settings(), '<s> </s> <mask> <code_1>', '</s>');
    expect(ids.slice(1, -1).some((id) => [0, 1, 2, 3, 399].includes(id))).toBe(false);
  });
});
