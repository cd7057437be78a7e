import type { Claim, Phrase, Topic } from '../claims.ts';
import { TOPICS } from '../claims.ts';
import type { Random } from '../random.ts';
import { definite, indefinite, plural } from './noun-phrase.ts';

/** A predicate, and the same denied. */
type Predicate = readonly [string, string];

const be = (rest: string): Predicate => [`is ${rest}`, `is not ${rest}`];
const was = (rest: string): Predicate => [`was ${rest}`, `was not ${rest}`];
const has = (rest: string): Predicate => [`has ${rest}`, `has not ${rest}`];
const does = (plain: string, form = `${plain}s`): Predicate => [form, `does not ${plain}`];
const will = (rest: string): Predicate => [`will ${rest}`, `will not ${rest}`];

const MATERIAL_ADJECTIVES = [
  'wooden',
  'metallic',
  'a plastic one',
  'a paper one',
  'a glass one',
  'a stone one',
];

function material(value: number): readonly Predicate[] {
  const name = TOPICS.material[value] ?? 'wood';
  return [
    be(`made of ${name}`),
    be(`made of ${name}`),
    be(`made out of ${name}`),
    be(`built from ${name}`),
    does('consist of ' + name, 'consists of ' + name),
    be(MATERIAL_ADJECTIVES[value] ?? 'wooden'),
  ];
}

function owner(value: number): readonly Predicate[] {
  const name = TOPICS.owner[value] ?? 'anna';
  return [
    does(`belong to ${name}`, `belongs to ${name}`),
    does(`belong to ${name}`, `belongs to ${name}`),
    be(`owned by ${name}`),
    be(`the property of ${name}`),
    be(`in the possession of ${name}`),
    be(`something that ${name} owns`),
  ];
}

const PREDICATES: Readonly<Record<Exclude<Topic, 'material' | 'owner'>, readonly (readonly Predicate[])[]>> =
  {
    weight: [
      [
        be('heavy'),
        be('heavy'),
        be('very heavy'),
        does('weigh a lot', 'weighs a lot'),
        be('hard to lift'),
        does('weigh more than a kilo', 'weighs more than a kilo'),
      ],
      [
        be('light to carry'),
        be('lightweight'),
        be('very light in weight'),
        does('weigh very little', 'weighs very little'),
        be('easy to lift'),
      ],
    ],
    warmth: [
      [be('warm'), be('hot'), does('feel warm', 'feels warm'), be('warm to the touch')],
      [be('cold'), be('cool'), does('feel cold', 'feels cold'), be('cold to the touch')],
    ],
    price: [
      [be('expensive'), does('cost a lot', 'costs a lot'), be('worth a lot of money'), be('valuable')],
      [be('cheap'), does('cost very little', 'costs very little'), be('inexpensive'), be('worth nothing')],
    ],
    age: [
      [be('old'), be('very old'), was('made long ago'), be('an antique')],
      [be('new'), be('brand new'), was('made today'), be('freshly made')],
    ],
    feel: [
      [be('soft'), does('feel soft', 'feels soft'), be('soft to the touch'), be('made to be squeezed')],
      [be('hard'), does('feel hard', 'feels hard'), be('rigid'), be('hard to the touch')],
    ],
    past: [
      [
        was('moved yesterday'),
        was('somewhere else before'),
        has('just been moved'),
        was('in another place an hour ago'),
        was('moved before the picture was taken'),
      ],
      [
        was('never moved'),
        has('always been in this place'),
        has('never been anywhere else'),
        was('in the same place yesterday'),
      ],
    ],
    future: [
      [will('be removed tomorrow'), be('going to disappear'), will('be gone soon'), will('be taken away')],
      [
        will('stay where it is'),
        will('still be there tomorrow'),
        be('going to stay'),
        will('be there next week'),
      ],
    ],
    maker: [
      [was('printed by a machine'), was('printed'), was('made by a machine'), was('drawn by a computer')],
      [was('painted by hand'), was('drawn by hand'), was('made by hand'), was('painted by an artist')],
    ],
  };

/** "The red circle is made of wood", or with `not` that it is not. */
export function unknowableClaim(
  random: Random,
  claim: { readonly topic: Topic; readonly value: number; readonly a: Phrase },
  not = false,
): string {
  const { topic, value, a } = claim;
  const choices =
    topic === 'material'
      ? material(value)
      : topic === 'owner'
        ? owner(value)
        : (PREDICATES[topic][value] ?? []);
  const whole = Object.keys(a).length === 0;
  const the = whole
    ? random.pick(['the picture', 'one of the objects', 'the thing in the picture', 'this'])
    : definite(random, a);
  const predicate = random.pick(choices)[not ? 1 : 0];
  const asked = /^(is|was|has|will) (.*)$/.exec(predicate);
  if (!not && asked !== null && random.chance(0.08)) return `${asked[1] ?? ''} ${the} ${asked[2] ?? ''}`;
  return `${the} ${random.chance(0.1) ? predicate.replace(/^(is|was|does|will) not/, '$1 certainly not') : predicate}`;
}

/** What lies outside of the picture: its surroundings, its past and its people. */
export function elsewhereClaim(random: Random, { a }: Extract<Claim, { type: 'elsewhere' }>): string {
  const one = indefinite(random, a);
  const the = definite(random, a);
  const many = plural(random, a);
  const side = random.pick(['left', 'right', 'top', 'bottom', 'upper', 'lower']);
  const when = random.pick(['yesterday', 'before', 'an hour ago', 'last week', 'a minute ago', 'earlier']);
  const who = random.pick([
    'anna',
    'tom',
    'the artist',
    'a child',
    'someone',
    'my sister',
    'the teacher',
    'the photographer',
  ]);
  return random.pick([
    `there is ${one} ${random.pick(['outside the frame', 'outside the picture', 'just outside the image', 'beyond the edge of the picture', 'out of view', 'behind the camera', 'next to the picture'])}`,
    `${one} is ${random.pick(['outside the frame', 'just outside the picture', 'out of sight beyond the edge', 'outside of the image'])}`,
    `beyond the ${side} edge ${random.pick(['of the picture', 'of the frame', 'of the image'])} there ${random.chance(0.5) ? `is ${one}` : `are ${many}`}`,
    `there was ${one} here ${when}`,
    `${when} there was ${one} in this place`,
    `${the} was ${random.pick(['drawn first', 'drawn last', 'painted before the others', 'here first', `there ${when}`, 'a different colour before', 'larger before', 'added later'])}`,
    `there will be ${one} here ${random.pick(['tomorrow', 'soon', 'next week', 'later'])}`,
    `the next picture ${random.pick(['shows', 'contains', 'has'])} ${one}`,
    `${who} ${random.pick(['likes', 'loves', 'hates', 'drew', 'painted', 'wants', 'bought', 'has seen', 'chose', 'lost'])} ${the}`,
    `${who} ${random.pick(['likes', 'loves', 'hates', 'prefers', 'collects'])} ${many}`,
    `the ${random.pick(['picture', 'image', 'photo', 'drawing'])} was ${random.pick(['taken in the morning', 'made on a monday', 'drawn in paris', 'made by a student', 'taken last year', 'drawn in ten minutes', 'taken at school', 'made for a book'])}`,
    `the person who made this ${random.pick(['was happy', 'is famous', 'is a child', 'was in a hurry', 'lives in london'])}`,
    `the back of ${the} is ${random.pick(['white', 'red', 'blue', 'empty', 'dirty'])}`,
    `${the} ${random.pick(['smells good', 'tastes sweet', 'makes a sound', 'is called bob', 'has a name', 'was a gift', 'is lucky', 'is used in a game', 'costs five euros', 'has been in a museum', 'glows in the dark', 'is magnetic'])}`,
  ]);
}
