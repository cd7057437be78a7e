import { describe, expect, it } from 'vitest';
import { TextOnly } from '../../../demo/training/text-only.ts';
import { ANSWERS } from '../../../demo/answers.ts';
import { KINDS } from '../../../demo/world/claims.ts';
import { contrastsOf } from '../../../demo/world/contrasts.ts';
import { drawPairs, type Pair } from '../../../demo/world/pairs.ts';
import { seeded } from '../../../demo/world/random.ts';
import { sceneOf, type Scene } from '../../../demo/world/scene.ts';
import { secondOpinion } from './oracle.ts';

const scenes: readonly Scene[] = Array.from({ length: 600 }, (_, seed) => sceneOf(seed, 'training'));

function draw(kind: (typeof KINDS)[number], meanings: number, seed = 3, complete = false): Pair[] {
  const random = seeded(seed);
  return Array.from({ length: meanings }, () => drawPairs(random, scenes, kind, complete)).flat();
}

describe('the sentences of the demo world', () => {
  it.each(KINDS)('of kind %s have the answer that listing all readings gives', (kind) => {
    const pairs = draw(kind, 120);
    expect(pairs.length).toBeGreaterThan(40);
    const wrong = pairs.filter((pair) => secondOpinion(pair.scene, pair.meaning) !== pair.answer);
    expect(wrong.map((pair) => [pair.hypothesis, pair.answer, pair.scene.seed])).toEqual([]);
  });

  it.each(KINDS.filter((kind) => kind !== 'undecidable' && kind !== 'premise'))(
    'of kind %s have every answer equally often',
    (kind) => {
      const pairs = draw(kind, 60, 4, true);
      const counts = ANSWERS.map((answer) => pairs.filter((pair) => pair.answer === answer).length);
      expect(counts[0]).toBeGreaterThan(5);
      expect(counts).toEqual([counts[0], counts[0], counts[0]]);
    },
  );

  it('of what a premise tells, and of what is hidden, come with others that only comparing tells apart', () => {
    const random = seeded(8);
    const sets = (['premise', 'undecidable'] as const)
      .flatMap((kind) => draw(kind, 250, 7))
      .map((pair) => [pair, ...contrastsOf(random, pair)])
      .filter(({ length }) => length > 1);
    const told = (set: readonly Pair[]): string => set[0]?.meaning.premise?.type ?? 'none';
    const all = sets.flat();
    for (const pair of all) expect(secondOpinion(pair.scene, pair.meaning), pair.hypothesis).toBe(pair.answer);
    for (const type of ['topic', 'reveals', 'none']) {
      const of = sets.filter((set) => told(set) === type);
      expect(of.length, type).toBeGreaterThan(10);
      // About one picture each time, with another answer for other words.
      for (const set of of) expect(new Set(set.map(({ scene }) => scene.seed)).size).toBe(1);
      const several = of.filter((set) => new Set(set.map(({ answer }) => answer)).size === ANSWERS.length);
      expect(several.length / of.length, type).toBeGreaterThan(0.5);
    }
  });

  it('that compare sizes come with the same two things compared otherwise', () => {
    const random = seeded(12);
    const pairs = draw('comparison', 200, 13).filter(({ meaning }) => meaning.claim.type === 'sizes');
    expect(pairs.length).toBeGreaterThan(20);
    for (const pair of pairs) {
      const set = [pair, ...contrastsOf(random, pair)];
      for (const { scene, meaning, answer } of set) expect(secondOpinion(scene, meaning)).toBe(answer);
      expect(set).toHaveLength(4);
      // One of larger, smaller and as large is so, wherever any is decided.
      const answers = new Set(set.map(({ answer }) => answer));
      if (pair.answer === 'yes') expect(answers).toContain('no');
    }
  });

  it.each(KINDS.filter((kind) => kind !== 'undecidable' && kind !== 'premise'))(
    'of kind %s tell a reader who never looks next to nothing',
    (kind) => {
      const reader = new TextOnly();
      for (const pair of draw(kind, 250, 5, true)) reader.learn(pair.hypothesis, pair.answer);
      const asked = draw(kind, 150, 6, true);
      const right = asked.filter((pair) => reader.guess(pair.hypothesis) === pair.answer);
      expect(asked.length).toBeGreaterThan(100);
      // A third is chance; of so few questions a ninth more or less is chance too.
      expect(right.length / asked.length).toBeLessThan(0.45);
    },
  );

  it('about three things in a row name as much of them whatever the answer', () => {
    const named = (answer: string): number => {
      const pairs = draw('between', 150, 11).filter((pair) => pair.answer === answer);
      const attributes = pairs.flatMap(({ meaning: { claim } }) =>
        claim.type === 'between' ? [claim.a, claim.b, claim.c].map((phrase) => Object.keys(phrase).length) : [],
      );
      return attributes.reduce((sum, count) => sum + count, 0) / attributes.length;
    };
    expect(Math.abs(named('yes') - named('no'))).toBeLessThan(0.05);
    expect(Math.abs(named('yes') - named('maybe'))).toBeLessThan(0.05);
  });

  it('with a premise give a statement, not a question', () => {
    const premises = draw('premise', 300).flatMap(({ premise }) => premise ?? []);
    expect(premises.length).toBeGreaterThan(100);
    expect(premises.filter((text) => /^(is|are|was|has|will|does|do|can) |\?$/.test(text))).toEqual([]);
  });

  it.each(['colour', 'size', 'shape'] as const)('of kind %s never claim what they name', (kind) => {
    const pairs = draw(kind, 200);
    const idle = pairs.filter(({ meaning: { claim } }) => {
      const inner = claim.type === 'not' ? claim.claim : claim;
      return inner.type === 'attribute' && inner.a[kind] !== undefined;
    });
    expect(idle.map(({ hypothesis }) => hypothesis)).toEqual([]);
  });

  it('are the same for the same seed, and others for another', () => {
    const texts = (seed: number): string[] => draw('spatial', 20, seed).map((pair) => pair.hypothesis);
    expect(texts(7)).toEqual(texts(7));
    expect(texts(7)).not.toEqual(texts(8));
  });

  it('hardly ever repeat each other', () => {
    const texts = draw('existence', 400).map((pair) => pair.hypothesis.replace(/[.?!]$/, ''));
    expect(new Set(texts).size / texts.length).toBeGreaterThan(0.8);
  });
});
