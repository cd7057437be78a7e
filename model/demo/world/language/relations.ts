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
  ],
};

const INVERSE: Readonly<Record<Relation, Relation>> = {
  left: 'right',
  right: 'left',
  above: 'below',
  below: 'above',
};

/** "to its left": where the other thing is, seen from the one just named. */
const FROM_IT: Readonly<Record<Relation, readonly string[]>> = {
  left: ['to its left', 'on its left', 'on its left side', 'to the left of it'],
  right: ['to its right', 'on its right', 'on its right side', 'to the right of it'],
  above: ['above it', 'over it', 'above itself'],
  below: ['below it', 'under it', 'beneath it', 'underneath it'],
};

const IS = [
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

/** "The red circle is left of the star", or with `not` that it is not. */
export function relationClaim(
  random: Random,
  claim: Extract<Claim, { type: 'relation' }>,
  not = false,
): string {
  const article = (phrase: Phrase, the: boolean): string =>
    the ? definite(random, phrase, true) : indefinite(random, phrase);
  const a = article(claim.a, claim.aDefinite);
  const b = article(claim.b, claim.bDefinite);
  const where = random.pick(WHERE[claim.relation]);
  const prefix = WHERE[claim.relation].filter((words) => !words.endsWith('than'));
  const inverse = random.pick(WHERE[INVERSE[claim.relation]]);
  if (not) {
    const is = random.pick(['is not', "isn't", 'is not located', 'is not placed']);
    return claim.inverted ? `${b} ${is} ${inverse} ${a}` : `${a} ${is} ${where} ${b}`;
  }
  if (claim.inverted) {
    const forms = [
      () =>
        `${random.pick(prefix)} ${b} ${random.pick(['is', 'there is', 'you can see', 'lies', 'sits'])} ${a}`,
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
  const where = `${random.pick(WHERE[relation])} ${bDefinite ? definite(random, b, true) : indefinite(random, b)}`;
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

/** "The star is between the circle and the heart." */
export function betweenClaim(random: Random, claim: Extract<Claim, { type: 'between' }>): string {
  const [a, b, c] = [claim.a, claim.b, claim.c].map((phrase) => definite(random, phrase, true)) as [
    string,
    string,
    string,
  ];
  const between = random.pick(['between', 'between', 'between', 'in between', 'in the middle between']);
  return random.pick([
    `${a} ${random.pick(IS)} ${between} ${b} and ${c}`,
    `${a} ${random.pick(IS)} ${between} ${b} and ${c}`,
    `${between} ${b} and ${c} ${random.pick(['is', 'there is', 'lies', 'you can see'])} ${a}`,
    `is ${a} ${between} ${b} and ${c}`,
    `${b} and ${c} have ${a} between them`,
    `${b} is on one side of ${a} and ${c} is on the other side`,
  ]);
}

const PLACES: Readonly<Record<Zone, readonly string[]>> = {
  left: ['on the left', 'on the left side', 'at the left edge', 'on the left hand side', 'over on the left'],
  right: [
    'on the right',
    'on the right side',
    'at the right edge',
    'on the right hand side',
    'over on the right',
  ],
  top: ['at the top', 'in the upper part', 'near the top', 'up at the top', 'at the top of the picture'],
  bottom: [
    'at the bottom',
    'in the lower part',
    'near the bottom',
    'down at the bottom',
    'at the bottom of the picture',
  ],
  middle: [
    'in the middle',
    'in the centre',
    'in the center',
    'near the middle',
    'in the middle of the picture',
  ],
};

/** "There is a star on the left", "the star is at the top". */
export function zoneClaim(random: Random, claim: Extract<Claim, { type: 'zone' }>): string {
  const place = random.pick(PLACES[claim.zone]);
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

const THAN = {
  larger: ['larger than', 'bigger than', 'greater in size than'],
  smaller: ['smaller than', 'littler than', 'not as big as'],
  same: ['as big as', 'as large as', 'the same size as', 'of the same size as', 'just as big as'],
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
      ? [`${first} and ${second} are of the same size`, `${first} and ${second} are equally big`]
      : [`of ${first} and ${second} , ${first} is the ${op} one`]),
  ]);
}
