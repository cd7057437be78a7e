import { KINDS, type Claim, type Meaning, type OutsideWord, type Phrase } from './claims.ts';
import type { OutsideWords } from './everyday-words.ts';
import { sayMeaning } from './language/say.ts';
import { answerOf } from './meaning.ts';
import type { Pair } from './pairs.ts';
import { describe, matching, phrase, reference } from './phrases.ts';
import type { Random } from './random.ts';
import { sampleMeaning } from './sample.ts';
import type { Scene } from './scene.ts';

const ABC = 'abcdefghijklmnopqrstuvwxyz';

/** A noun, at times with another word before it: "dog", "old dog", "dog house", "letter a". */
function nounOf(random: Random, words: OutsideWords): OutsideWord {
  const draw = random.next();
  if (draw < 0.12) return random.pick(words.shapes);
  const { word, other } = random.pick(words.nouns);
  if (draw > 0.98) {
    const letter = ABC[random.int(26)] ?? 'a';
    return { word: `letter ${letter}`, other: `letters ${letter}` };
  }
  if (draw > 0.93) {
    const before = random.pick(words.nouns).word;
    return { word: `${before} ${word}`, other: `${before} ${other}` };
  }
  if (draw < 0.8) return { word, other };
  const before = random.pick(words.adjectives).word;
  return { word: `${before} ${word}`, other: `${before} ${other}` };
}

/** The phrase with a word from outside the world instead of its shape or its colour. */
function outsidePhrase(random: Random, given: Phrase, words: OutsideWords, isProperty: boolean): Phrase | undefined {
  const { shape, colour, size } = given;
  if (given.hidden || (shape === undefined && colour === undefined && size === undefined)) return undefined;
  if (colour !== undefined && (shape === undefined ? isProperty || random.chance(0.5) : random.chance(0.25))) {
    return { ...given, colour: random.pick(words.colours) };
  }
  if (shape === undefined && isProperty) return undefined;
  const outside = { shape: nounOf(random, words) };
  return shape !== undefined && colour !== undefined && random.chance(0.4) ? outside : { ...given, ...outside };
}

const PHRASES = ['a', 'b', 'c', 'property', 'other', 'except'] as const;

/** The phrases of a claim and of its parts; properties are marked. */
function phrasesOf(claim: Claim): (readonly [Phrase, boolean])[] {
  if (claim.type === 'elsewhere' || claim.type === 'untold') return [];
  if (claim.type === 'not') return claim.claim.type === 'unknowable' ? [] : phrasesOf(claim.claim);
  if ('left' in claim) return [...phrasesOf(claim.left), ...phrasesOf(claim.right)];
  const fields: Partial<Record<(typeof PHRASES)[number], Phrase>> = claim;
  return PHRASES.flatMap((name) => {
    const given = fields[name];
    return given === undefined ? [] : [[given, name === 'property' || name === 'other'] as const];
  });
}

/** The claim with another phrase wherever it has the given one. */
function replaced(claim: Claim, given: Phrase, by: Phrase): Claim {
  if (claim.type === 'not') return { ...claim, claim: replaced(claim.claim, given, by) };
  if ('left' in claim) {
    return { ...claim, left: replaced(claim.left, given, by), right: replaced(claim.right, given, by) };
  }
  const fields: Partial<Record<(typeof PHRASES)[number], Phrase>> = claim;
  const changes = PHRASES.filter((name) => fields[name] === given).map((name) => [name, by]);
  return { ...claim, ...(Object.fromEntries(changes) as object) };
}

/** A meaning of any kind with a word from outside the world in it. */
function anyPattern(random: Random, scene: Scene, words: OutsideWords): Meaning | undefined {
  const { premise, claim } = sampleMeaning(random, scene, random.pick(KINDS));
  if (premise !== undefined && premise.type !== 'aside') return undefined;
  const phrases = phrasesOf(claim);
  if (phrases.length === 0) return undefined;
  const [given, isProperty] = random.pick(phrases);
  const by = outsidePhrase(random, given, words, isProperty);
  return by && { ...(premise && { premise }), claim: replaced(claim, given, by) };
}

/** "There is a dog", "there are two white stars", "there is no dog". */
function plainly(random: Random, scene: Scene, words: OutsideWords): Meaning | undefined {
  const given = random.chance(0.6) ? { shape: nounOf(random, words) } : undefined;
  const a = given ?? outsidePhrase(random, phrase(random, scene, ['s', 'cs', 'cs', 'c', 'zs']), words, false);
  if (a === undefined) return undefined;
  const draw = random.next();
  if (draw < 0.65) return { claim: { type: 'exists', a } };
  if (draw < 0.8) return { claim: { type: 'not', claim: { type: 'exists', a } } };
  const op = random.pick(['exactly', 'exactly', 'atLeast'] as const);
  return { claim: { type: 'count', a, op, n: 1 + random.int(6) } };
}

/** Something that is there. */
function comparedTo(random: Random, scene: Scene): { phrase: Phrase; several: boolean } {
  const seen = scene.things.filter(({ hidden }) => !hidden);
  const found = describe(random.pick(seen), random.pick(['s', 'cs', 'cs', 'c']));
  return { phrase: found, several: matching(scene, found) > 1 && random.chance(0.6) };
}

/** "The star is happy", "they were painted last summer", "a dog is running in the garden". */
function untold(random: Random, scene: Scene, words: OutsideWords): Meaning {
  const definite = random.chance(0.7);
  const named = definite ? reference(random, scene) : phrase(random, scene);
  // An empty phrase is about whatever there is.
  const own = definite && random.chance(0.4) ? {} : named;
  const a: Phrase = random.chance(0.65) ? own : { shape: nounOf(random, words) };
  const several = definite && random.chance(0.35);
  const form = random.pick(['adjective', 'verb', 'verb', 'noun'] as const);
  const word = random.pick({ adjective: words.adjectives, verb: words.verbs, noun: words.nouns }[form]);
  const where = form === 'verb' && random.chance(0.5) ? random.pick(words.nouns) : undefined;
  const compares = form === 'adjective' && definite && !several && Object.keys(a).length > 0 && random.chance(0.6);
  const than = compares ? comparedTo(random, scene) : undefined;
  return {
    claim: {
      type: 'untold',
      form,
      word,
      a,
      definite,
      ...(several && { several }),
      ...(where && { where }),
      ...(than && { than }),
    },
  };
}

/**
 * A sentence with words from outside the world about one of the scenes: in any pattern of the grammar, as plainly as a
 * visitor asks, or about what no picture tells.
 */
export function drawOutside(random: Random, scenes: readonly Scene[], words: OutsideWords): Pair {
  for (;;) {
    const scene = random.pick(scenes);
    const draw = random.next();
    const meaning =
      draw < 0.35
        ? anyPattern(random, scene, words)
        : draw < 0.55
          ? plainly(random, scene, words)
          : untold(random, scene, words);
    const answer = meaning && answerOf(scene, meaning);
    if (meaning === undefined || answer === undefined) continue;
    return { scene, kind: 'existence', answer, meaning, ...sayMeaning(random, meaning) };
  }
}
