import { describe, expect, it } from 'vitest';
import { learnVocabulary } from '../../../demo/training/bpe.ts';
import { buildTokenizerJson, loadTokenizer } from '../../../model/package/tokenizer.ts';

const texts = ['there is a red circle', 'there are red circles', 'the red star is here', "there's no star, café"];

describe('learning a vocabulary', () => {
  const { vocabJson, mergesText } = learnVocabulary(texts, 60);
  const tokenizer = loadTokenizer(buildTokenizerJson(vocabJson, mergesText));

  it('makes each answer one token and common words short', () => {
    for (const answer of [' yes', ' no', ' maybe']) expect(tokenizer.encode(answer)).toHaveLength(1);
    expect(tokenizer.encode(' there is a red star').length).toBeLessThanOrEqual(7);
  });

  it('keeps a token for every byte, so that any text can be written', () => {
    const odd = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString('latin1');
    expect(tokenizer.encode(odd).every((id) => id > 3)).toBe(true);
    expect(tokenizer.encode('漢字 🎈').length).toBeGreaterThan(5);
  });

  it('numbers the control tokens as the model does', () => {
    expect(tokenizer.special).toEqual({ bos: 0, pad: 1, eos: 2 });
    expect(tokenizer.tokenString(tokenizer.size - 1)).toBe('<mask>');
  });

  it('does not depend on the order of the texts', () => {
    expect(learnVocabulary([...texts].reverse(), 60)).toEqual({ vocabJson, mergesText });
  });
});
