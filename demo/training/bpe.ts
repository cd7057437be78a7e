import { byteSymbols } from '../../model/package/vocabulary.ts';

/** A byte-level BPE vocabulary as the files of a checkpoint. */
export interface Vocabulary {
  readonly vocabJson: string;
  readonly mergesText: string;
}

/** GPT-2's pattern of pieces, reduced to what occurs in the demo world's sentences: letters, digits, other. */
const PIECES = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+/gu;

interface Word {
  symbols: string[];
  readonly count: number;
}

function words(texts: Iterable<string>): Word[] {
  const symbols = byteSymbols();
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const [piece] of text.matchAll(PIECES)) counts.set(piece, (counts.get(piece) ?? 0) + 1);
  }
  return [...counts].map(([piece, count]) => ({
    symbols: [...Buffer.from(piece)].map((byte) => symbols[byte] ?? ''),
    count,
  }));
}

/** The most frequent pair of neighbours. Ties are broken alphabetically. */
function commonest(all: readonly Word[]): readonly [string, string] | undefined {
  const counts = new Map<string, number>();
  for (const { symbols, count } of all) {
    for (let at = 1; at < symbols.length; at++) {
      const pair = `${symbols[at - 1] ?? ''} ${symbols[at] ?? ''}`;
      counts.set(pair, (counts.get(pair) ?? 0) + count);
    }
  }
  const [best] = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  return best === undefined ? undefined : (best[0].split(' ') as [string, string]);
}

function merge(word: Word, [left, right]: readonly [string, string]): void {
  const merged: string[] = [];
  for (const symbol of word.symbols) {
    if (symbol === right && merged[merged.length - 1] === left) merged[merged.length - 1] = left + right;
    else merged.push(symbol);
  }
  word.symbols = merged;
}

/**
 * Learns a vocabulary from texts as the model reads them, prompts included. Each answer becomes one token.
 *
 * @param merges number of merges to learn; the vocabulary has 261 more tokens
 */
export function learnVocabulary(texts: Iterable<string>, merges: number): Vocabulary {
  const all = words(texts);
  for (const answer of [' yes', ' no', ' maybe']) all.push(...words([answer]).map((w) => ({ ...w, count: 1e6 })));
  const learned: string[] = [];
  const tokens = ['<s>', '<pad>', '</s>', '<unk>', ...byteSymbols()];
  const known = new Set(tokens);
  while (learned.length < merges) {
    const pair = commonest(all);
    if (pair === undefined) break;
    for (const word of all) if (word.symbols.length > 1) merge(word, pair);
    const token = pair.join('');
    // Two merges with the same result would be ambiguous, so the second one is skipped.
    if (known.has(token)) continue;
    known.add(token);
    tokens.push(token);
    learned.push(pair.join(' '));
  }
  tokens.push('<mask>');
  return {
    vocabJson: JSON.stringify(Object.fromEntries(tokens.map((token, id) => [token, id]))),
    mergesText: `#version: 0.2\n${learned.join('\n')}\n`,
  };
}
