import { ANSWERS, type Answer } from '../answers.ts';
import { KINDS, type Kind } from './claims.ts';
import { drawPairs, type Pair } from './pairs.ts';
import { hash, seeded } from './random.ts';
import { sceneOf, type Scene } from './scene.ts';

/** Seeds of test pictures start here: far from those of training and of watching it. */
export const TEST_SEEDS = 1_000_000;
/** Pictures among which the questions find theirs. */
const POOL = 2500;
/** Meanings drawn for one kind before giving up on its last questions. */
const MOST_DRAWS = 20_000;

/** How many questions of a kind have an answer, so that every answer is right `perAnswer` times. */
function quota(kind: Kind, answer: Answer, perAnswer: number): number {
  const decidable = KINDS.length - 1;
  const undecidable = Math.floor(perAnswer / KINDS.length);
  if (kind === 'undecidable') return answer === 'maybe' ? undecidable : 0;
  const all = answer === 'maybe' ? perAnswer - undecidable : perAnswer;
  return Math.floor(all / decidable) + (KINDS.indexOf(kind) < all % decidable ? 1 : 0);
}

let drawn: readonly Scene[] | undefined;

/** The pool's scenes, which take seconds to draw: they are drawn once. */
function pool(): readonly Scene[] {
  drawn ??= Array.from({ length: POOL }, (_, i) => sceneOf(TEST_SEEDS + i, 'held-out'));
  return drawn;
}

/**
 * Questions about pictures that no training saw, each with a combination of colour, shape and place that training
 * left out; the answers equally often, in each kind as well.
 */
export function heldOutQuestions(seed: number, perAnswer: number): readonly Pair[] {
  const scenes = pool();
  const questions: Pair[] = [];
  for (const [index, kind] of KINDS.entries()) {
    const random = seeded(hash(seed, index));
    const left = new Map(ANSWERS.map((answer) => [answer, quota(kind, answer, perAnswer)]));
    for (let draws = 0; draws < MOST_DRAWS && [...left.values()].some((count) => count > 0); draws++) {
      // Every other one may be a sentence that no picture leaves open, such as that there is something red.
      for (const pair of drawPairs(random, scenes, kind, draws % 2 === 0)) {
        const count = left.get(pair.answer) ?? 0;
        if (count === 0) continue;
        left.set(pair.answer, count - 1);
        questions.push(pair);
      }
    }
  }
  return questions;
}
