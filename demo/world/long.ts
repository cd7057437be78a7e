import { ANSWERS, type Answer } from '../answers.ts';
import type { Claim, Kind } from './claims.ts';
import { longSentence } from './language/long.ts';
import { answerOf } from './meaning.ts';
import type { Pair } from './pairs.ts';
import type { Random } from './random.ts';
import { sampleMeaning } from './sample.ts';
import type { Scene } from './scene.ts';

/** Kinds of the claims that are joined; those that say what is there, and where, more often. */
const PARTS: readonly Kind[] = [
  ...(['existence', 'existence', 'existence', 'count', 'count', 'spatial', 'spatial', 'spatial'] as const),
  ...(['colour', 'colour', 'size', 'shape', 'negation', 'universal', 'comparison'] as const),
];
/** Claims about a scene that are drawn to choose from. */
const DRAWS = 40;
/** Most words of a long sentence. */
const MOST_WORDS = 40;

/** Claims about the scene, by their answers. */
function claimsOf(random: Random, scene: Scene): Record<Answer, Claim[]> {
  const found: Record<Answer, Claim[]> = { yes: [], no: [], maybe: [] };
  const known = new Set<string>();
  for (let draw = 0; draw < DRAWS; draw++) {
    const { claim } = sampleMeaning(random, scene, random.pick(PARTS));
    const key = JSON.stringify(claim);
    const answer = known.has(key) ? undefined : answerOf(scene, { claim });
    known.add(key);
    // Other denials begin with "it is not true that".
    const isPlain = claim.type !== 'not' || claim.claim.type === 'exists' || claim.claim.type === 'attribute';
    if (answer !== undefined && isPlain) found[answer].push(claim);
  }
  return found;
}

/** One to three claims that decide the answer, among others that hold. */
function chosen(random: Random, wanted: Answer, count: number, found: Record<Answer, Claim[]>): Claim[] | undefined {
  const deciding = wanted === 'yes' ? 0 : Math.min(count, random.pick([1, 1, 1, 2, 3]));
  const claims = [...found[wanted].slice(0, deciding), ...found.yes.slice(0, count - deciding)];
  // An open claim changes nothing where another is false.
  const open = wanted === 'no' && random.chance(0.1) ? found.maybe.slice(0, 1) : [];
  if (claims.length < count || (deciding > 0 && found[wanted].length === 0)) return undefined;
  return [...claims, ...open]
    .map((claim) => ({ claim, at: random.next() }))
    .sort((one, other) => one.at - other.at)
    .map(({ claim }) => claim);
}

const joinedClaim = (claims: readonly Claim[]): Claim | undefined =>
  claims.reduceRight<Claim | undefined>(
    (right, left) => (right === undefined ? left : { type: 'and', left, right }),
    undefined,
  );

/**
 * A sentence of up to 40 words that joins several claims about one of the scenes. Every answer is equally frequent; for
 * no and maybe usually only one of the claims is false, or open.
 *
 * @param leastWords default: 15
 */
export function drawLong(random: Random, scenes: readonly Scene[], leastWords = 15): Pair {
  const wanted = random.pick(ANSWERS);
  for (;;) {
    const scene = random.pick(scenes);
    const claims = chosen(random, wanted, 2 + random.int(5), claimsOf(random, scene));
    const claim = claims && joinedClaim(claims);
    if (claims === undefined || claim === undefined || answerOf(scene, { claim }) !== wanted) continue;
    const { text: hypothesis, ends } = longSentence(random, claims);
    const words = hypothesis.split(' ').length;
    if (words < leastWords || words > MOST_WORDS) continue;
    const parts = claims.map((each, index) => ({ claim: each, end: ends[index] ?? hypothesis.length }));
    return { scene, kind: 'conjunction', answer: wanted, meaning: { claim }, hypothesis, claims: parts };
  }
}
