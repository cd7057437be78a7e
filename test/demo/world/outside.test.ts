import { describe, expect, it } from 'vitest';
import { KINDS, type Phrase } from '../../../demo/world/claims.ts';
import { outsideWords } from '../../../demo/world/everyday-words.ts';
import { askedAndStated, longQuestions, outsideQuestions, zeroQuestions } from '../../../demo/world/evaluation/sets.ts';
import { noClaim } from '../../../demo/world/language/no-claim.ts';
import { sayMeaning } from '../../../demo/world/language/say.ts';
import { drawLong } from '../../../demo/world/long.ts';
import { drawOutside } from '../../../demo/world/outside.ts';
import type { Pair } from '../../../demo/world/pairs.ts';
import { matching } from '../../../demo/world/phrases.ts';
import { seeded } from '../../../demo/world/random.ts';
import { sampleMeaning } from '../../../demo/world/sample.ts';
import { sceneOf, type Scene } from '../../../demo/world/scene.ts';
import { strangeSentence } from '../../../demo/world/strange.ts';
import { completions, fitsPhrase } from '../../../demo/world/whole.ts';
import { secondOpinion } from './oracle.ts';

const scenes = Array.from({ length: 200 }, (_, seed) => sceneOf(seed, 'training'));
const [training, heldOut] = [outsideWords('training'), outsideWords('held-out')];

const shareOf = (pairs: readonly Pair[], answer: string): number =>
  pairs.filter((pair) => pair.answer === answer).length / pairs.length;

describe('the words from outside the world', () => {
  it('are thousands, half of them held out', () => {
    for (const part of ['nouns', 'adjectives', 'verbs'] as const) {
      const known = new Set(training[part].map(({ word }) => word));
      expect(heldOut[part].filter(({ word }) => known.has(word))).toEqual([]);
      expect(heldOut[part].length / (known.size + heldOut[part].length)).toBeGreaterThan(0.3);
    }
    expect(training.nouns.length + heldOut.nouns.length).toBeGreaterThan(2000);
  });

  it('that are held out are in no sentence of training', () => {
    const random = seeded(3);
    const held = new Set(
      [...heldOut.nouns, ...heldOut.adjectives, ...heldOut.verbs].flatMap(({ word, other }) => [word, other]),
    );
    const texts: string[] = [];
    for (let at = 0; at < 2000; at++) {
      const { premise = '', hypothesis } = sayMeaning(
        random,
        sampleMeaning(random, random.pick(scenes), random.pick(KINDS)),
      );
      texts.push(premise, hypothesis, noClaim(random, random.pick(scenes), training), strangeSentence(random));
      texts.push(drawOutside(random, scenes, training).hypothesis);
    }
    const words = texts.flatMap((text) => text.toLowerCase().match(/[a-z]{3,}/g) ?? []);
    // Misspelt words may be any.
    expect(words.filter((word) => held.has(word)).length / words.length).toBeLessThan(0.0005);
  });
});

describe('sentences with words from outside the world', () => {
  it('have the answer that listing all readings gives, usually no', () => {
    const random = seeded(4);
    const pairs = [
      ...Array.from({ length: 250 }, () => drawOutside(random, scenes, training)),
      ...outsideQuestions(250, scenes),
    ];
    const wrong = pairs.filter(({ scene, meaning, answer }) => secondOpinion(scene, meaning) !== answer);
    expect(wrong.map(({ hypothesis, answer, scene }) => [hypothesis, answer, scene.seed])).toEqual([]);
    expect(shareOf(pairs, 'no')).toBeGreaterThan(0.5);
    for (const answer of ['yes', 'maybe']) expect(shareOf(pairs, answer)).toBeGreaterThan(0.05);
  });
});

/** Which things of the scene the phrase matches, in the first completion of a hidden one. */
const indices = (scene: Scene, phrase: Phrase): number[] =>
  (completions(scene)[0] ?? []).filter((thing) => fitsPhrase(thing, phrase)).map(({ index }) => index);

it('nobody tells of several what there is one of, nor compares a thing with itself', () => {
  const random = seeded(6);
  const claims = Array.from({ length: 1500 }, () => drawOutside(random, scenes, training)).flatMap(
    ({ scene, meaning: { claim } }) => (claim.type === 'untold' ? [{ scene, claim }] : []),
  );
  const several = claims.filter(({ claim }) => claim.several);
  const compared = claims.filter(({ claim }) => claim.than !== undefined);
  for (const some of [several, compared]) expect(some.length).toBeGreaterThan(20);
  expect(several.filter(({ scene, claim }) => matching(scene, claim.a) === 1)).toEqual([]);
  const alone = compared.filter(({ scene, claim: { a, than } }) => {
    const both = new Set([a, than?.phrase ?? {}].flatMap((phrase) => indices(scene, phrase)));
    return matching(scene, a) > 0 && both.size < 2;
  });
  expect(alone).toEqual([]);
  expect(compared.some(({ claim }) => claim.than?.several)).toBe(true);
});

it('evaluation has no colours and shapes from outside the world, all of which training knows', () => {
  const known = [...training.colours, ...training.shapes].map(({ word }) => word);
  const text = outsideQuestions(300, scenes)
    .map(({ hypothesis, premise = '' }) => `${hypothesis} ${premise}`.toLowerCase())
    .join(' ');
  expect(known.filter((word) => new RegExp(`\\b${word}\\b`).test(text))).toEqual([]);
});

describe('long sentences', () => {
  it('have 15 to 40 words, every answer, and the answer that listing all readings gives', () => {
    const random = seeded(5);
    const pairs = [...Array.from({ length: 150 }, () => drawLong(random, scenes)), ...longQuestions(50, scenes)];
    for (const { scene, meaning, answer, hypothesis } of pairs) {
      expect(secondOpinion(scene, meaning), hypothesis).toBe(answer);
      expect(hypothesis.split(' ').length).toBeGreaterThanOrEqual(15);
      expect(hypothesis.split(' ').length).toBeLessThanOrEqual(40);
    }
    for (const answer of ['yes', 'no', 'maybe']) expect(shareOf(pairs, answer)).toBeGreaterThan(0.2);
  });
});

it('counts of zero are asked in words and digits, and are true as often as false', () => {
  const pairs = zeroQuestions(100, scenes);
  for (const { scene, meaning, answer } of pairs) expect(secondOpinion(scene, meaning)).toBe(answer);
  expect(Math.abs(shareOf(pairs, 'yes') - 0.5)).toBeLessThan(0.1);
  expect(pairs.filter(({ hypothesis }) => /\b0\b/.test(hypothesis)).length).toBeGreaterThan(15);
});

it('questions come with the statement of the same meaning about the same picture', () => {
  for (const [asked, stated] of askedAndStated(20, scenes)) {
    expect(asked.hypothesis).toMatch(/\?$/);
    expect(stated.hypothesis).toMatch(/\.$/);
    expect([asked.scene, asked.meaning, asked.answer]).toEqual([stated.scene, stated.meaning, stated.answer]);
  }
});
