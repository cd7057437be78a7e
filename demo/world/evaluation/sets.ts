import { KINDS } from '../claims.ts';
import { outsideWords } from '../everyday-words.ts';
import { noClaim } from '../language/no-claim.ts';
import { sayMeaning } from '../language/say.ts';
import { drawLong } from '../long.ts';
import { drawOutside } from '../outside.ts';
import { drawPairs, pairMeaning, type Pair } from '../pairs.ts';
import { phrase } from '../phrases.ts';
import { seeded } from '../random.ts';
import type { Scene } from '../scene.ts';
import { NO_CLAIMS } from './no-claims.ts';
import { testScenes } from './questions.ts';

/** Sentences with words from outside the world that training never had, about pictures that it never had. */
export function outsideQuestions(count: number, scenes: readonly Scene[] = testScenes()): readonly Pair[] {
  const random = seeded(101);
  const words = outsideWords('held-out');
  const known = new Set([...words.colours, ...words.shapes].map(({ word }) => JSON.stringify(word)));
  const pairs: Pair[] = [];
  while (pairs.length < count) {
    const pair = drawOutside(random, scenes, words);
    const said = JSON.stringify(pair.meaning).match(/"[^"]+"/g) ?? [];
    if (!said.some((word) => known.has(word))) pairs.push(pair);
  }
  return pairs;
}

/** Counts of zero, in words and digits, half of them true. */
export function zeroQuestions(count: number, scenes: readonly Scene[] = testScenes()): readonly Pair[] {
  const random = seeded(102);
  const pairs: Pair[] = [];
  while (pairs.length < count) {
    const scene = random.pick(scenes);
    const claim = { type: 'count', a: phrase(random, scene), op: 'exactly', n: 0 } as const;
    const drawn = pairMeaning(random, scenes, scene, 'count', { claim });
    pairs.push(...drawn.filter(({ answer, hypothesis }) => answer !== 'maybe' && /\b(0|zero)\b/.test(hypothesis)));
  }
  return pairs.slice(0, count);
}

/** Sentences of 15 to 40 words that join several claims; every answer is equally frequent. */
export function longQuestions(count: number, scenes: readonly Scene[] = testScenes()): readonly Pair[] {
  const random = seeded(103);
  return Array.from({ length: count }, () => drawLong(random, scenes));
}

/** Attempts to say a meaning as a question, or as a statement. */
const TRIES = 60;

/** Meanings said both as a yes/no question and as a statement, in this order, about the same picture. */
export function askedAndStated(
  count: number,
  scenes: readonly Scene[] = testScenes(),
): readonly (readonly [Pair, Pair])[] {
  const random = seeded(104);
  const kinds = KINDS.filter((kind) => kind !== 'undecidable' && kind !== 'premise' && kind !== 'disjunction');
  const pairs: (readonly [Pair, Pair])[] = [];
  while (pairs.length < count) {
    const pair = random.pick([...drawPairs(random, scenes, random.pick(kinds)), undefined]);
    if (pair === undefined) continue;
    const said = Array.from({ length: TRIES }, () => sayMeaning(random, pair.meaning).hypothesis);
    const asked = said.find((text) => /^(is|are|does|do|can) .*\?$/.test(text));
    const stated = said.find((text) => text.endsWith('.') && !/^(is|are|does|do|can|would|has) /.test(text));
    if (asked === undefined || stated === undefined) continue;
    pairs.push([
      { ...pair, hypothesis: asked },
      { ...pair, hypothesis: stated },
    ]);
  }
  return pairs;
}

/** A text that claims nothing, about a scene. */
interface NoClaim {
  readonly scene: Scene;
  readonly hypothesis: string;
}

/** Texts that claim nothing: those written by hand, then as many with words that training never had. */
export function noClaims(): readonly NoClaim[] {
  const random = seeded(105);
  const words = outsideWords('held-out');
  const byHand = NO_CLAIMS.map((hypothesis) => ({ scene: random.pick(testScenes()), hypothesis }));
  const made = byHand.map(({ scene }) => ({ scene, hypothesis: noClaim(random, scene, words) }));
  return [...byHand, ...made];
}
