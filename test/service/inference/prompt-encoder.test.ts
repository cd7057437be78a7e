import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { textWarnings } from '../../../model/input/text-warnings.ts';
import { encodePrompt, type TextSettings } from '../../../model/input/tokens.ts';
import { buildTokenizerJson, loadTokenizer } from '../../../model/package/tokenizer.ts';
import { promptEncoder } from '../../../service/inference/prompt-encoder.ts';

const FIXTURE = join(import.meta.dirname, '../../fixtures/ofa/mini-none');
const read = (file: string): string => readFileSync(join(FIXTURE, file), 'utf8');
const tokenizer = loadTokenizer(buildTokenizerJson(read('vocab.json'), read('merges.txt')));

const SETTINGS: TextSettings = {
  prompts: { hypothesis: ' is it "{}"?', premise: ' if "{}", is it "{}"?' },
  maxWords: 80,
  maxTokens: 80,
  lengths: [82],
  specialTokens: tokenizer.special,
};

/** An encoder, and the prompts that the tokenizer was given. */
function setup(keeps = true) {
  const prompts: string[] = [];
  const counting = {
    ...tokenizer,
    encode: (text: string) => {
      prompts.push(text);
      return tokenizer.encode(text);
    },
  };
  return { encode: promptEncoder(counting, SETTINGS, keeps), prompts };
}

describe('the prompt encoder', () => {
  it('tokenizes a text once, and answers it alike again', () => {
    const { encode, prompts } = setup();
    const text = 'a red\u00a0circle';
    const first = encode(text, undefined);
    expect(first.ids).toEqual(encodePrompt(tokenizer, SETTINGS, text).ids);
    expect(first.warnings).toEqual(textWarnings(SETTINGS, { truncatedTokens: 0 }, text));
    expect(first.warnings).toHaveLength(1);
    expect(encode(text, undefined)).toEqual(first);
    expect(prompts).toHaveLength(1);
  });

  it('keeps no text where it must not', () => {
    const { encode, prompts } = setup(false);
    expect(encode('a red circle', undefined)).toEqual(encode('a red circle', undefined));
    expect(prompts).toHaveLength(2);
  });

  it('tells texts apart whose premises are as long, or that are divided differently', () => {
    const { encode, prompts } = setup();
    const pairs = [
      ['a cat', undefined],
      ['cat', 'a '],
      ['cat', 'b '],
      [' cat', 'a'],
      ['none a cat', undefined],
      ['1 a', undefined],
    ] as const;
    for (const [hypothesis, premise] of pairs) {
      const { ids } = encodePrompt(tokenizer, SETTINGS, hypothesis, premise);
      expect(encode(hypothesis, premise).ids).toEqual(ids);
    }
    expect(prompts).toHaveLength(pairs.length);
  });

  it('takes a premise without words for none', () => {
    const { encode } = setup();
    const { ids } = encodePrompt(tokenizer, SETTINGS, 'a cat');
    for (const blank of ['', ' \n', '...', undefined]) expect(encode('a cat', blank).ids).toEqual(ids);
  });

  it('keeps a limited number of recent texts', () => {
    const { encode, prompts } = setup();
    for (let index = 0; index < 2500; index++) {
      encode('always', undefined);
      encode(String(index), undefined);
    }
    expect(prompts).toHaveLength(2501);
    encode('2499', undefined);
    expect(prompts).toHaveLength(2501);
    encode('0', undefined);
    expect(prompts).toHaveLength(2502);
  });

  it('keeps no long text, nor forgets others for it', () => {
    const { encode, prompts } = setup();
    const long = 'word '.repeat(6000);
    for (let time = 0; time < 2; time++) {
      encode('short', undefined);
      encode(long, undefined);
    }
    expect(prompts).toHaveLength(3);
  });
});
