import { ANSWERS, type Answer } from '../../answers.ts';
import { KINDS, type Kind } from '../claims.ts';
import { drawPairs, type Pair } from '../pairs.ts';
import { hash, seeded } from '../random.ts';
import { sceneOf, type Scene } from '../scene.ts';

/** First seed of test pictures: far from the seeds of training and validation. */
const TEST_SEEDS = 1_000_000;
/** Number of pictures to choose from. */
const POOL = 2500;
/** Meanings that are drawn for a kind before giving up on missing questions. */
const MOST_DRAWS = 20_000;

/** How many questions of a kind have each answer, so that every answer is correct `perAnswer` times. */
function quota(kind: Kind, answer: Answer, perAnswer: number): number {
  const decidable = KINDS.length - 1;
  const undecidable = Math.floor(perAnswer / KINDS.length);
  if (kind === 'undecidable') return answer === 'maybe' ? undecidable : 0;
  const all = answer === 'maybe' ? perAnswer - undecidable : perAnswer;
  return Math.floor(all / decidable) + (KINDS.indexOf(kind) < all % decidable ? 1 : 0);
}

let drawn: readonly Scene[] | undefined;

/** Scenes that training never saw. They take seconds to draw, so they are drawn once. */
export function testScenes(): readonly Scene[] {
  drawn ??= Array.from({ length: POOL }, (_, i) => sceneOf(TEST_SEEDS + i, 'held-out'));
  return drawn;
}

/**
 * Questions about pictures that were not used in training, each with a combination of colour, shape and place that
 * training excludes. All answers are equally frequent, within each kind too.
 */
export function heldOutQuestions(seed: number, perAnswer: number): readonly Pair[] {
  const scenes = testScenes();
  const questions: Pair[] = [];
  for (const [index, kind] of KINDS.entries()) {
    const random = seeded(hash(seed, index));
    const left = new Map(ANSWERS.map((answer) => [answer, quota(kind, answer, perAnswer)]));
    for (let draws = 0; draws < MOST_DRAWS && [...left.values()].some((count) => count > 0); draws++) {
      // Half of the questions may be sentences that are never undecidable, such as that there is something red.
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
