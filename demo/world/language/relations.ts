import type { Claim, Phrase, Relation, Zone } from '../claims.ts';
import type { Random } from '../random.ts';
import { bare, definite, indefinite } from './noun-phrase.ts';
import { SEE } from './style.ts';

const WHERE: Readonly<Record<Relation, readonly string[]>> = {
  left: [
    'left of',
    'left of',
    'to the left of',
    'to the left of',
    'on the left of',
    'on the left side of',
    'further left than',
    'more to the left than',
    'to the left side of',
    'on the left hand side of',
    'off to the left of',
    'way to the left of',
    'nearer to the left edge than',
    'closer to the left side than',
  ],
  right: [
    'right of',
    'right of',
    'to the right of',
    'to the right of',
    'on the right of',
    'on the right side of',
    'further right than',
    'more to the right than',
    'to the right side of',
    'on the right hand side of',
    'off to the right of',
    'way to the right of',
    'nearer to the right edge than',
    'closer to the right side than',
  ],
  above: [
    'above',
    'above',
    'above',
    'over',
    'higher than',
    'higher up than',
    'further up than',
    'somewhere above',
    'up above',
    'way above',
    'well above',
    'nearer to the top than',
    'closer to the top edge than',
  ],
  below: [
    'below',
    'below',
    'below',
    'under',
    'beneath',
    'underneath',
    'lower than',
    'lower down than',
    'further down than',
    'somewhere below',
    'down below',
    'way below',
    'well below',
    'nearer to the bottom than',
    'closer to the bottom edge than',
  ],
};

const INVERSE: Readonly<Record<Relation, Relation>> = {
  left: 'right',
  right: 'left',
  above: 'below',
  below: 'above',
};

/** "to its left": the direction from the thing that was named last. */
const FROM_IT: Readonly<Record<Relation, readonly string[]>> = {
  left: ['to its left', 'on its left', 'on its left side', 'to the left of it'],
  right: ['to its right', 'on its right', 'on its right side', 'to the right of it'],
  above: ['above it', 'over it', 'above itself'],
  below: ['below it', 'under it', 'beneath it', 'underneath it'],
};

export const IS = [
  'is',
  'is',
  'is',
  'is',
  'is',
  'lies',
  'sits',
  'is located',
  'is placed',
  'is positioned',
  'is situated',
  'stands',
  'can be found',
  'appears',
] as const;

/** "to the left of". */
export const whereOf = (random: Random, relation: Relation): string => random.pick(WHERE[relation]);

/** "The red circle is left of the star", or its negation with `not`. */
export function relationClaim(random: Random, claim: Extract<Claim, { type: 'relation' }>, not = false): string {
  const article = (phrase: Phrase, the: boolean): string =>
    the ? definite(random, phrase, true) : indefinite(random, phrase);
  const a = article(claim.a, claim.aDefinite);
  const b = article(claim.b, claim.bDefinite);
  const where = whereOf(random, claim.relation);
  const prefix = WHERE[claim.relation].filter((words) => !words.endsWith('than'));
  const inverse = random.pick(WHERE[INVERSE[claim.relation]]);
  if (not) {
    const is = random.pick(['is not', "isn't", 'is not located', 'is not placed']);
    return claim.inverted ? `${b} ${is} ${inverse} ${a}` : `${a} ${is} ${where} ${b}`;
  }
  if (claim.inverted) {
    const forms = [
      () => `${random.pick(prefix)} ${b} ${random.pick(['is', 'there is', 'you can see', 'lies', 'sits'])} ${a}`,
      () =>
        `${random.pick(prefix)} ${b} ${random.pick(["there's", 'you will find', "you'll see", 'i see', 'we find', 'sits'])} ${a}`,
      () => `look ${random.pick(prefix)} ${b} and you see ${a}`,
      () => `${b} has ${a} ${random.pick(FROM_IT[claim.relation])}`,
    ];
    if (claim.aDefinite) forms.push(() => `${b} ${random.pick(IS)} ${inverse} ${a}`);
    return random.pick(forms)();
  }
  const forms = [
    () => `${a} ${random.pick(IS)} ${where} ${b}`,
    () => `${a} ${random.pick(IS)} ${where} ${b}`,
    () => `${a} is ${where} ${b}`,
    () => `is ${a} ${where} ${b}`,
    () => `${a} ${where} ${b}`,
  ];
  if (!claim.aDefinite) {
    forms.push(
      () => `there is ${a} ${where} ${b}`,
      () => `there is ${a} ${where} ${b}`,
      () => `${random.pick(SEE)[0]} ${a} ${where} ${b}`,
      () => `is there ${a} ${where} ${b}`,
      () => `some ${a.replace(/^an? /, '')} is ${where} ${b}`,
    );
  }
  return random.pick(forms)();
}

/** "There is no star left of the heart". */
export function relationAbsent(
  random: Random,
  { a, b, bDefinite, relation }: Extract<Claim, { type: 'relation' }>,
): string {
  const where = `${whereOf(random, relation)} ${bDefinite ? definite(random, b, true) : indefinite(random, b)}`;
  const one = bare(random, a, 'singular');
  return random.pick([
    `there is no ${one} ${where}`,
    `there is no ${one} ${where}`,
    `no ${one} is ${where}`,
    `there is not a single ${one} ${where}`,
    `not one ${one} ${random.pick(['is', 'lies', 'sits'])} ${where}`,
    `${random.pick(SEE)[1]} ${indefinite(random, a)} ${where}`,
  ]);
}

const PLACES: Readonly<Record<Zone, readonly string[]>> = {
  left: [
    'on the left',
    'on the left side',
    'at the left edge',
    'on the left hand side',
    'over on the left',
    'in the left part',
    'towards the left',
    'far to the left',
    'in the left half of the picture',
    'near the left edge',
  ],
  right: [
    'on the right',
    'on the right side',
    'at the right edge',
    'on the right hand side',
    'over on the right',
    'in the right part',
    'towards the right',
    'far to the right',
    'in the right half of the picture',
    'near the right edge',
  ],
  top: [
    'at the top',
    'in the upper part',
    'near the top',
    'up at the top',
    'at the top of the picture',
    'close to the top',
    'in the top half',
    'up high',
    'in the upper half of the image',
    'towards the top',
  ],
  bottom: [
    'at the bottom',
    'in the lower part',
    'near the bottom',
    'down at the bottom',
    'at the bottom of the picture',
    'close to the bottom',
    'in the bottom half',
    'down low',
    'in the lower half of the image',
    'towards the bottom',
  ],
  middle: [
    'in the middle',
    'in the centre',
    'in the center',
    'near the middle',
    'in the middle of the picture',
    'roughly in the middle',
    'in the very centre',
    'close to the centre',
    'about in the middle',
    'at the centre of the image',
  ],
};

/** "on the left". */
export const placeOf = (random: Random, zone: Zone): string => random.pick(PLACES[zone]);

/** "There is a star on the left", "the star is at the top". */
export function zoneClaim(random: Random, claim: Extract<Claim, { type: 'zone' }>): string {
  const place = placeOf(random, claim.zone);
  if (claim.definite) {
    const a = definite(random, claim.a, true);
    return random.pick([
      `${a} ${random.pick(IS)} ${place}`,
      `${a} is ${place}`,
      `is ${a} ${place}`,
      `${place} is ${a}`,
    ]);
  }
  const a = indefinite(random, claim.a);
  return random.pick([
    `there is ${a} ${place}`,
    `there is ${a} ${place}`,
    `${random.pick(SEE)[0]} ${a} ${place}`,
    `${place} ${random.pick(['is', 'there is', "there's", 'you can see', 'sits'])} ${a}`,
    `is there ${a} ${place}`,
    `${a} ${place}`,
  ]);
}
