import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildTokenizerJson, loadTokenizer, type Tokenizer } from '../../../model/package/tokenizer.ts';
import { byteSymbols } from '../../../model/package/vocabulary.ts';

const FOLDER = join(import.meta.dirname, '../../fixtures/ofa/mini-none');
const VOCAB = readFileSync(join(FOLDER, 'vocab.json'), 'utf8');
const MERGES = readFileSync(join(FOLDER, 'merges.txt'), 'utf8');
const mini = loadTokenizer(buildTokenizerJson(VOCAB, MERGES));

/** Texts and their ids by GPT-2's Python code (its pattern in the `regex` module, merging in rounds). */
const CASES: readonly (readonly [string, readonly number[]])[] = [
  ['', []],
  ['a', [101]],
  ['hello world', [108, 105, 316, 115, 396, 115, 118, 112, 104]],
  ['  two  spaces ', [36, 361, 36, 284, 116, 101, 103, 260, 36]],
  [
    "don't you're I'll we've it's I'm he'd",
    [
      104, 115, 114, 43, 120, 286, 115, 121, 43, 280, 36, 77, 43, 316, 396, 105, 43, 122, 105, 395, 43, 119, 36, 77, 43,
      113, 36, 108, 105, 43, 104,
    ],
  ],
  ["DON'T IT'S", [72, 83, 82, 43, 88, 36, 77, 88, 43, 87]],
  [
    'it\u2019s \u201cquoted\u201d',
    [292, 230, 132, 157, 119, 36, 230, 132, 160, 117, 121, 115, 120, 105, 104, 230, 132, 161],
  ],
  ['abc123def 45', [101, 102, 103, 53, 54, 55, 104, 287, 36, 56, 57]],
  [
    '\u4e00\u4e8c\u4e09 \u0661\u0662\u0663 \u2167 \u00bd\u00b2',
    [
      232, 188, 132, 232, 190, 144, 232, 188, 141, 36, 221, 165, 221, 166, 221, 167, 36, 230, 137, 171, 36, 198, 193,
      198, 182,
    ],
  ],
  ['e\u0301 \u00e9', [105, 208, 133, 36, 199, 173]],
  ['\u0130stanbul \u00df', [200, 180, 119, 120, 294, 102, 121, 112, 36, 199, 163]],
  [
    '\ud83d\udc69\u200d\ud83d\udc69\u200d\ud83d\udc67 \ud83c\udde9\ud83c\uddea',
    [
      244, 163, 149, 173, 230, 132, 145, 244, 163, 149, 173, 230, 132, 145, 244, 163, 149, 171, 36, 244, 163, 139, 173,
      244, 163, 139, 174,
    ],
  ],
  ['a\u0085b \u0085\u0085c', [101, 198, 137, 102, 36, 198, 137, 198, 137, 103]],
  ['\ufeffa \ufeff b', [243, 191, 195, 101, 36, 243, 191, 195, 385]],
  ['a\u200bb', [101, 230, 132, 143, 102]],
  ['a\u00a0b \u00a0c', [101, 198, 164, 102, 36, 198, 164, 103]],
  ['a\u2028b', [101, 230, 132, 172, 102]],
  ['x\u001cy \u001c\u001dz', [124, 32, 125, 36, 32, 33, 126]],
  ['<s>red</s><mask><pad>', [64, 119, 66, 280, 104, 64, 51, 119, 66, 64, 267, 119, 111, 66, 64, 116, 101, 104, 66]],
  ['<code_1> <bin_2>', [64, 103, 115, 104, 105, 99, 53, 66, 36, 64, 102, 109, 114, 99, 54, 66]],
  [
    'tab\tnew\n\nline \r\n end   ',
    [120, 101, 102, 13, 114, 105, 123, 14, 14, 112, 109, 114, 105, 36, 17, 14, 36, 105, 114, 104, 36, 36, 36],
  ],
  ["'s's 's ' s", [43, 119, 43, 119, 36, 43, 119, 36, 43, 284]],
  ['!!! ...?-/', [37, 37, 37, 36, 50, 50, 50, 67, 49, 51]],
  ['   ', [36, 36, 36]],
  ['\n', [14]],
  ['a  b   c    ', [101, 36, 385, 36, 36, 293, 36, 36, 36, 36]],
  ['\ud840\udc00\udb40\udc01', [244, 164, 132, 132, 247, 164, 132, 133]],
  ['\ufffd', [243, 195, 193]],
  [" 's", [36, 43, 119]],
  [
    'aaaaaaaaaaaaaaaaaaaaaaaa',
    [
      101, 101, 101, 101, 101, 101, 101, 101, 101, 101, 101, 101, 101, 101, 101, 101, 101, 101, 101, 101, 101, 101, 101,
      101,
    ],
  ],
  ['triangles squares the the the', [120, 265, 294, 107, 317, 390, 269, 269, 269]],
];

/** The text of tokens, byte by byte. */
function decode(tokenizer: Tokenizer, ids: readonly number[]): string {
  const symbols = byteSymbols();
  const bytes = ids.flatMap((id) => Array.from(tokenizer.tokenString(id), (symbol) => symbols.indexOf(symbol)));
  return Buffer.from(bytes).toString('utf8');
}

describe('encoding', () => {
  test.each(CASES)('of %j matches the reference', (text, ids) => {
    expect(mini.encode(text)).toEqual(ids);
  });

  test('is lossless, and never yields a control token', () => {
    const controls = new Set([0, 1, 2, 3, 399]);
    const pieces = fc.constantFrom('<s>', '</s>', '<mask>', '<unk>', '<pad>', ' ', '\n', "'s", 'the', '\u0085');
    const text = fc.array(fc.oneof(fc.string({ unit: 'binary' }), pieces)).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, (input) => {
        const ids = mini.encode(input);
        expect(ids.some((id) => controls.has(id))).toBe(false);
        expect(decode(mini, ids)).toBe(input);
      }),
    );
  });

  test('replaces lone surrogates by U+FFFD', () => {
    expect(mini.encode('a\ud83d b\ude00')).toEqual(mini.encode('a\ufffd b\ufffd'));
  });

  test('does not depend on earlier texts', () => {
    const before = mini.encode('the triangle');
    for (let i = 0; i < 12_000; i++) mini.encode(`word${i}`);
    expect(mini.encode('the triangle')).toEqual(before);
  });
});

describe('a tokenizer', () => {
  test('has its size, its special tokens and the spelling of a token', () => {
    expect(mini.size).toBe(400);
    expect(mini.special).toEqual({ bos: 0, pad: 1, eos: 2 });
    expect(mini.encode(' the').map((id) => mini.tokenString(id))).toEqual(['Ġthe']);
    expect(mini.tokenString(399)).toBe('<mask>');
    expect(mini.tokenString(400)).toBe('<400?>');
  });

  test('reads the ids of special tokens from the vocabulary', () => {
    const vocab = JSON.parse(VOCAB) as Record<string, number>;
    const moved = JSON.stringify({ ...vocab, '<s>': 399, '<mask>': 0 });
    expect(loadTokenizer(buildTokenizerJson(moved, MERGES)).special).toEqual({ bos: 399, pad: 1, eos: 2 });
  });

  test('does not depend on the order of entries in its files', () => {
    const vocab = JSON.parse(VOCAB) as Record<string, number>;
    const reversed = JSON.stringify(Object.fromEntries(Object.entries(vocab).reverse()), null, 2);
    expect(buildTokenizerJson(reversed, MERGES)).toBe(buildTokenizerJson(VOCAB, MERGES));
  });

  test.each(['', '{', '[]', '{"model":{"type":"WordPiece","vocab":{}}}', '{"model":{"type":"BPE","vocab":{"a":0}}}'])(
    'cannot be loaded from a damaged file: %s',
    (json) => {
      expect(() => loadTokenizer(json)).toThrow(
        expect.objectContaining({
          name: 'UserError',
          code: 'package-unreadable',
          message: expect.stringMatching(/^tokenizer\.json is damaged; compile the package again\.$/) as string,
        }),
      );
    },
  );
});

test('a tokenizer without a special token cannot be loaded', () => {
  const json = buildTokenizerJson(VOCAB, MERGES);
  expect(() => loadTokenizer(json)).not.toThrow();
  for (const token of ['<s>', '<pad>', '</s>']) {
    expect(() => loadTokenizer(json.replace(`"${token}":`, '"other":'))).toThrow(
      /^tokenizer\.json is damaged; compile the package again/,
    );
  }
});

test('a piece is not split again where JavaScript sees whitespace but the reference does not', () => {
  const tokens = ['<s>', '<pad>', '</s>', '<unk>', ...byteSymbols(), '!ï'];
  const vocab = JSON.stringify(Object.fromEntries(tokens.map((token, id) => [token, id])));
  const tokenizer = loadTokenizer(buildTokenizerJson(vocab, '#version: 0.2\n! ï\n'));
  // U+FEFF is EF BB BF.
  expect(tokenizer.encode('!\ufeff').map((id) => tokenizer.tokenString(id))).toEqual(['!ï', '»', '¿']);
});

describe('an invalid vocabulary is an error of one sentence', () => {
  const refuse = (vocab: string, merges: string, message: RegExp): void => {
    expect(() => buildTokenizerJson(vocab, merges)).toThrow(
      expect.objectContaining({
        name: 'UserError',
        code: 'vocabulary-invalid',
        message: expect.stringMatching(message) as string,
      }),
    );
  };
  const changed = (change: (vocab: Record<string, number>) => void): string => {
    const vocab = JSON.parse(VOCAB) as Record<string, number>;
    change(vocab);
    return JSON.stringify(vocab);
  };

  test.each<[string, string, RegExp]>([
    ['not JSON', '{', /^vocab\.json is not JSON\.$/],
    ['not an object', '["a"]', /not an object from token to id/],
    ['ids that are not numbers', '{"a": "b"}', /not an object from token to id/],
    ['a gap', changed((vocab) => (vocab['the'] = 1000)), /not have exactly one token with the id \d+/],
    ['a duplicate id', changed((vocab) => (vocab['<mask>'] = 5)), /not have exactly one token with the id 6;/],
    [
      'another model',
      changed((vocab) => {
        vocab['[PAD]'] = vocab['<pad>'] ?? 0;
        delete vocab['<pad>'];
      }),
      /lacks the token <pad>/,
    ],
    [
      'a missing byte',
      changed((vocab) => {
        vocab['zz'] = vocab['Ġ'] ?? 0;
        delete vocab['Ġ'];
      }),
      /lacks the byte 0x20;/,
    ],
  ])('%s', (_, vocab, message) => {
    refuse(vocab, MERGES, message);
  });

  test.each<[string, string, RegExp]>([
    ['one part', '#v\nĠt\n', /^Line 2 of merges\.txt is not two tokens/],
    ['three parts', '#v\na b c\n', /^Line 2 of merges\.txt is not two tokens/],
    ['a result that is not a token', '#v\nq q\n', /^Line 2 of merges\.txt produces qq, which vocab\.json lacks\.$/],
    [
      'a part that a later line produces',
      '#v\nĠ d\nĠt he\nĠ t\nh e\n',
      /^Line 3 of merges\.txt merges Ġt and he, one of which/,
    ],
    ['a first part that no line produces', '#v\nĠt h\n', /^Line 2 of merges\.txt merges Ġt and h, one of which/],
    ['a second part that no line produces', '#v\nĠ the\n', /^Line 2 of merges\.txt merges Ġ and the, one of which/],
    [
      'a result of an earlier line',
      '#v\nĠ t\n\nĠ t\n',
      /^Line 4 of merges\.txt produces Ġt, as an earlier line does\.$/,
    ],
    ['nothing', '', /^No line of merges\.txt produces es and \d+ others of vocab\.json: it is truncated, or/],
    [
      'an end within a line',
      MERGES.slice(0, MERGES.lastIndexOf('\n', MERGES.length - 2) + 3),
      /^No line of merges\.txt produces \S+ of vocab\.json: it is truncated, or of another vocabulary\.$/,
    ],
  ])('merges with %s', (_, merges, message) => {
    refuse(VOCAB, merges, message);
  });

  test('the first line and an unterminated last line of the merges are ignored, as in the reference', () => {
    const tokens = ['<s>', '<pad>', '</s>', '<unk>', ...byteSymbols(), 'Ġt', 'Ġth', 'Ġthe', '<mask>', 'madeupword0001'];
    const vocab = JSON.stringify(Object.fromEntries(tokens.map((token, id) => [token, id])));
    const unfinished = loadTokenizer(buildTokenizerJson(vocab, '#version: 0.2\nĠ t\nĠt h\nĠth e'));
    expect(unfinished.encode(' the').map((id) => unfinished.tokenString(id))).toEqual(['Ġth', 'e']);
    const windows = loadTokenizer(buildTokenizerJson(vocab, '#version: 0.2\r\nĠ t\r\nĠt h\r\nĠth e\r\n'));
    expect(windows.encode(' the').map((id) => windows.tokenString(id))).toEqual(['Ġthe']);
  });
});
