import { TOPICS, type Phrase, type Topic } from '../claims.ts';
import type { Random } from '../random.ts';
import { definite } from './noun-phrase.ts';

/** A predicate and its negation. */
type Predicate = readonly [string, string];

const be = (rest: string): Predicate => [`is ${rest}`, `is not ${rest}`];
const was = (rest: string): Predicate => [`was ${rest}`, `was not ${rest}`];
const has = (rest: string): Predicate => [`has ${rest}`, `has not ${rest}`];
const does = (plain: string, form = `${plain}s`): Predicate => [form, `does not ${plain}`];
const will = (rest: string): Predicate => [`will ${rest}`, `will not ${rest}`];

const MATERIAL_ADJECTIVES = ['wooden', 'metallic', 'a plastic one', 'a paper one', 'a glass one', 'a stone one'];

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

const PREDICATES: Readonly<Record<Exclude<Topic, 'material' | 'owner'>, readonly (readonly Predicate[])[]>> = {
  weight: [
    [
      be('heavy'),
      be('heavy'),
      does('weigh a lot', 'weighs a lot'),
      be('hard to lift'),
      does('have a great weight', 'has a great weight'),
    ],
    [
      be('light to carry'),
      be('lightweight'),
      be('light in weight'),
      does('weigh little', 'weighs little'),
      be('easy to lift'),
    ],
  ],
  warmth: [
    [
      be('warm'),
      be('hot'),
      does('feel hot', 'feels hot'),
      does('feel warm', 'feels warm'),
      be('warm to the touch'),
      be('warm when touched'),
    ],
    [be('cold'), does('feel cold', 'feels cold'), be('cold to the touch'), be('cold when touched')],
  ],
  price: [
    [be('expensive'), does('cost a lot', 'costs a lot'), be('costly'), does('have a high price', 'has a high price')],
    [be('cheap'), does('cost little', 'costs little'), be('inexpensive'), does('have a low price', 'has a low price')],
  ],
  age: [
    [be('old'), be('old'), was('made long ago'), be('many years old')],
    [be('new'), be('new'), was('made recently'), was('made not long ago')],
  ],
  feel: [
    [be('soft'), does('feel soft', 'feels soft'), be('soft to the touch'), be('soft when touched')],
    [be('hard'), does('feel hard', 'feels hard'), be('hard to the touch'), be('hard when touched')],
  ],
  past: [
    [has('been moved'), has('been moved before'), was('somewhere else before'), was('in another place before')],
    [was('never moved'), has('never been moved'), has('always been in this place'), has('never been anywhere else')],
  ],
  future: [
    [
      will('be removed tomorrow'),
      will('be taken away tomorrow'),
      be('going to be removed tomorrow'),
      be('going to be taken away tomorrow'),
    ],
    [
      will('still be there tomorrow'),
      will('be there tomorrow'),
      be('going to be there tomorrow'),
      will('remain there until tomorrow'),
    ],
  ],
  maker: [
    [was('printed'), was('printed by a machine'), was('made by a printer'), has('been printed')],
    [was('painted by hand'), was('hand painted'), has('been painted by hand'), was('painted with a brush')],
  ],
};

/** "The red circle is made of wood", or its negation with `not`. */
export function unknowableClaim(
  random: Random,
  claim: { readonly topic: Topic; readonly value: number; readonly a: Phrase },
  not = false,
): string {
  const { topic, value, a } = claim;
  const choices =
    topic === 'material' ? material(value) : topic === 'owner' ? owner(value) : (PREDICATES[topic][value] ?? []);
  const whole = Object.keys(a).length === 0;
  const the = whole
    ? random.pick(['the picture', 'one of the objects', 'the thing in the picture', 'this'])
    : definite(random, a);
  const predicate = random.pick(choices)[not ? 1 : 0];
  const asked = /^(is|was|has|will) (.*)$/.exec(predicate);
  if (!not && asked !== null && random.chance(0.08)) return `${asked[1] ?? ''} ${the} ${asked[2] ?? ''}`;
  return `${the} ${random.chance(0.1) ? predicate.replace(/^(is|was|does|will) not/, '$1 certainly not') : predicate}`;
}
