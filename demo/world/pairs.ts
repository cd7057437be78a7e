import { drawBetween } from './between.ts';
import { ANSWERS, type Answer } from '../answers.ts';
import type { Claim, Kind, Meaning } from './claims.ts';
import { sayMeaning } from './language/say.ts';
import { answerOf } from './meaning.ts';
import type { Random } from './random.ts';
import { sampleMeaning } from './sample.ts';
import type { Scene } from './scene.ts';

/** A sentence about a picture, with its answer. */
export interface Pair {
  readonly scene: Scene;
  readonly kind: Kind;
  readonly answer: Answer;
  readonly meaning: Meaning;
  readonly premise?: string;
  readonly hypothesis: string;
  /** Of a long sentence: its claims, and how many characters precede the end of each in the hypothesis. */
  readonly claims?: readonly { readonly claim: Claim; readonly end: number }[];
}

/** Pictures that are tried to find one in which a meaning has another answer. */
const TRIES = 220;

const innermost = (claim: Claim): Claim => (claim.type === 'not' ? claim.claim : claim);

/** Whether a claim is about the shape or size of the hidden thing, which covering hides. */
function isAboutHidden(claim: Claim): boolean {
  const inner = innermost(claim);
  return inner.type === 'attribute' && inner.a.hidden === true && inner.property.colour === undefined;
}

/** Whether words alone decide the answer: nobody can see it, but a premise may state it. */
function isTextual(kind: Kind, { claim, premise }: Meaning): boolean {
  if (kind === 'undecidable') return true;
  const inner = innermost(claim);
  if (premise?.type === 'reveals') {
    const isRevealed = inner.type === 'exists' && inner.a.shape === premise.property.shape;
    return isRevealed || isAboutHidden(claim);
  }
  return premise?.type === 'topic' && inner.type === 'unknowable';
}

const pairOf = (random: Random, scene: Scene, kind: Kind, answer: Answer, meaning: Meaning): Pair => ({
  scene,
  kind,
  answer,
  meaning,
  ...sayMeaning(random, meaning),
});

/**
 * Pairs one meaning with a picture for each possible answer, so that a reader of the sentences alone cannot do better
 * than chance. Meanings that are not both true and false of some scene are dropped. With `complete`, so are those
 * without a maybe.
 *
 * @returns two or three pairs; one if words alone decide the answer; none if the meaning was dropped
 */
export function drawPairs(random: Random, scenes: readonly Scene[], kind: Kind, complete = false): readonly Pair[] {
  if (kind === 'between') {
    return drawBetween(random, scenes).flatMap(([scene, meaning]) => {
      const answer = answerOf(scene, meaning);
      return answer === undefined ? [] : [pairOf(random, scene, kind, answer, meaning)];
    });
  }
  const anchor = random.pick(scenes);
  return pairMeaning(random, scenes, anchor, kind, sampleMeaning(random, anchor, kind), complete);
}

/** Pairs a meaning that was drawn for one scene with a picture for each possible answer, as `drawPairs` does. */
export function pairMeaning(
  random: Random,
  scenes: readonly Scene[],
  anchor: Scene,
  kind: Kind,
  meaning: Meaning,
  complete = false,
): readonly Pair[] {
  const say = (scene: Scene, answer: Answer): Pair => pairOf(random, scene, kind, answer, meaning);
  const first = answerOf(anchor, meaning);
  if (isTextual(kind, meaning)) return first === undefined ? [] : [say(anchor, first)];
  const found = new Map<Answer, Scene>();
  if (first !== undefined) found.set(first, anchor);
  for (let attempt = 0; attempt < TRIES && found.size < ANSWERS.length; attempt++) {
    const scene = random.pick(scenes);
    const answer = answerOf(scene, meaning);
    if (answer !== undefined && !found.has(answer)) found.set(answer, scene);
  }
  if (!found.has('yes') || !found.has('no') || (complete && !found.has('maybe'))) return [];
  return [...found].map(([answer, scene]) => say(scene, answer));
}
