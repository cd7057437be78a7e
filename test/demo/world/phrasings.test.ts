import { describe, expect, it } from 'vitest';
import { KINDS } from '../../../demo/world/claims.ts';
import { sayMeaning } from '../../../demo/world/language/say.ts';
import { seeded } from '../../../demo/world/random.ts';
import { sampleMeaning } from '../../../demo/world/sample.ts';
import { COLOURS, sceneOf } from '../../../demo/world/scene.ts';
import { SHAPES } from '../../../demo/world/shapes.ts';
import { PHRASINGS } from '../../../demo/world/evaluation/handwritten.ts';

const any = (words: readonly string[]): RegExp => new RegExp(`\\b(${words.join('|')})\\b`, 'g');
/** What differs between sentences of one pattern. */
const PATTERN = [
  [any(SHAPES.map((shape) => (shape === 'cross' ? 'crosses' : `${shape}s`))), 'SHAPES'],
  [any(SHAPES), 'SHAPE'],
  [any(COLOURS), 'COLOUR'],
  [any(['small', 'little', 'tiny', 'large', 'big', 'huge', 'giant']), 'SIZE'],
  [any(['objects', 'shapes', 'things', 'figures', 'items']), 'THINGS'],
  [any(['object', 'shape', 'thing', 'figure', 'item']), 'THING'],
  [any(['two', 'three', 'four', 'five', 'six', 'seven', '[2-7]']), 'NUMBER'],
  [/\ban (?=[A-Z])/g, 'a '],
  [/[.?!]$/, ''],
] as const;

const patternOf = (text: string): string =>
  PATTERN.reduce((said, [words, name]) => said.replace(words, name), text.toLowerCase());

describe('the sentences written by hand', () => {
  const written = Object.values(PHRASINGS).flatMap((sentences) => [...sentences]);

  it('are enough, and of every answer', () => {
    expect(written.length).toBeGreaterThanOrEqual(150);
    for (const answer of ['yes', 'no', 'maybe'] as const) {
      const share = written.filter(([, right]) => right === answer).length / written.length;
      expect(share).toBeGreaterThan(0.15);
      expect(share).toBeLessThan(0.5);
    }
    expect(new Set(written.map(([text]) => text)).size).toBe(written.length);
  });

  it('are of patterns that the grammar does not make', () => {
    const random = seeded(99);
    const scenes = Array.from({ length: 200 }, (_, seed) => sceneOf(seed, 'training'));
    const made = new Set<string>();
    for (let at = 0; at < 60_000; at++) {
      const meaning = sampleMeaning(random, random.pick(scenes), random.pick(KINDS));
      made.add(patternOf(sayMeaning(random, meaning).hypothesis));
    }
    expect(written.map(([text]) => text).filter((text) => made.has(patternOf(text)))).toEqual([]);
  });
});
