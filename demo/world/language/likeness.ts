import type { Claim, Phrase } from '../claims.ts';
import type { Random } from '../random.ts';
import { isSamePhrase } from '../whole.ts';
import { definite, plural } from './noun-phrase.ts';
import { somewhere } from './words.ts';

const THAN = {
  larger: ['larger than', 'bigger than', 'greater in size than', 'of a larger size than', 'larger in size than'],
  smaller: ['smaller than', 'littler than', 'not as big as', 'not as large as', 'smaller in size than'],
  same: [
    'as big as',
    'as large as',
    'as small as',
    'the same size as',
    'of the same size as',
    'just as big as',
    'exactly as large as',
    'no larger and no smaller than',
  ],
} as const;

/** "The star is larger than the heart". */
export function sizesClaim(random: Random, { a, b, op }: Extract<Claim, { type: 'sizes' }>): string {
  const [first, second] = [definite(random, a, true), definite(random, b, true)];
  const inverse = op === 'same' ? op : op === 'larger' ? 'smaller' : 'larger';
  return random.pick([
    `${first} is ${random.pick(THAN[op])} ${second}`,
    `${first} is ${random.pick(THAN[op])} ${second}`,
    `${second} is ${random.pick(THAN[inverse])} ${first}`,
    `is ${first} ${random.pick(THAN[op])} ${second}`,
    ...(op === 'same'
      ? [
          `${first} and ${second} are of the same size`,
          `${first} and ${second} are equally big`,
          `${first} and ${second} have the same size`,
          `in size ${first} equals ${second}`,
        ]
      : [
          `of ${first} and ${second} , ${first} is the ${op} one`,
          `of the two , ${first} is ${op} than ${second}`,
          `in size ${first} is ${op === 'larger' ? 'above' : 'below'} ${second}`,
          `compared with ${second} , ${first} is ${op}`,
        ]),
  ]);
}

const COLOUR = ['colour', 'colour', 'color'] as const;

/** One phrase for both things: "both stars". */
function bothAlike(random: Random, a: Phrase, by: string, not: boolean): string {
  const many = plural(random, a);
  const both = random.pick([`both ${many}`, `the two ${many}`, `the ${many}`, `both of the ${many}`]);
  const place = somewhere(random);
  return random.pick(
    not
      ? [
          `${both} have different ${by}s`,
          `${both} are of different ${by}s`,
          `the two ${many}${place} are not the same ${by}`,
          `the two ${many} do not have the same ${by}`,
          `the two ${many} differ in ${by}`,
          `the two ${many} don't share a ${by}`,
        ]
      : [
          `${both} are the same ${by}`,
          `${both}${place} are the same ${by}`,
          `${both} have the same ${by}`,
          `${both} are of the same ${by}`,
          `${both} share ${random.pick(['a', 'one', 'the same'])} ${by}`,
          `${both} are alike in ${by}`,
          `are ${both} the same ${by}`,
          `there is no difference in ${by} between the two ${many}`,
        ],
  );
}

/** "The star is the same colour as the heart", or its negation with `not`. */
export function alikeClaim(random: Random, claim: Extract<Claim, { type: 'alike' }>, not = false): string {
  const by = claim.by === 'colour' ? random.pick(COLOUR) : 'shape';
  if (isSamePhrase(claim.a, claim.b)) return bothAlike(random, claim.a, by, not);
  const [a, b] = [definite(random, claim.a, true), definite(random, claim.b, true)];
  return random.pick(
    not
      ? [
          `${a} and ${b} ${random.pick(['have', 'are of', 'come in'])} different ${by}s`,
          `${a} and ${b} are ${random.pick(['not', 'not of'])} the same ${by}`,
          `${a} and ${b} do not have the same ${by}`,
          `${a} and ${b} differ in ${by}`,
          `${a} has a different ${by} than ${b}`,
          `${a} has another ${by} than ${b}`,
          `${a} is not the same ${by} as ${b}`,
          `${a} isn't the ${by} of ${b}`,
        ]
      : [
          `${a} is the same ${by} as ${b}`,
          `${a} is ${random.pick(['of the', 'exactly the', 'just the'])} same ${by} as ${b}`,
          `${a} and ${b} are ${random.pick(['the', 'of the', 'both the'])} same ${by}`,
          `${a} and ${b} have the same ${by}`,
          `${a} and ${b} share ${random.pick(['a', 'one', 'their', 'the same'])} ${by}`,
          `${a} has the same ${by} as ${b}`,
          `${a} has the ${by} of ${b}`,
          `is ${a} the same ${by} as ${b}`,
          `do ${a} and ${b} have the same ${by}`,
          `${a} and ${b} match in ${by}`,
          `${a} is no different in ${by} from ${b}`,
        ],
  );
}
