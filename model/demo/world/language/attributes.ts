import type { Claim, Phrase } from '../claims.ts';
import type { Random } from '../random.ts';
import { COLOURS, SHAPES } from '../scene.ts';
import {
  bare,
  definite,
  indefinite,
  isCompound,
  plural,
  predicate,
  type Grammatical,
} from './noun-phrase.ts';
import { PICTURES, SHOWS } from './style.ts';
import { colourWord, shapeNoun, sizeWord, somewhere, thingNoun, withArticle } from './words.ts';

type Attribute = Extract<Claim, { type: 'attribute' }>;

/** Another colour, shape or size than the property. */
function unlike(random: Random, { colour, shape, size }: Phrase): Phrase {
  if (colour !== undefined) return { colour: random.pick(COLOURS.filter((each) => each !== colour)) };
  if (shape !== undefined) return { shape: random.pick(SHAPES.filter((each) => each !== shape)) };
  return { size: size === 'small' ? 'large' : 'small' };
}

/** "red or blue". */
function oneOf(
  random: Random,
  { property, other = {} }: Attribute | Quantified,
  number: Grammatical,
): string {
  const [first, second] = [predicate(random, property, number), predicate(random, other, number)];
  return random.pick([`${first} or ${second}`, `either ${first} or ${second}`]);
}

/** "The circle is neither red nor blue". */
export function neitherOf(random: Random, { a, property, other = {} }: Attribute): string {
  const the = definite(random, a, property.shape !== undefined);
  const [first, second] = [predicate(random, property), predicate(random, other)];
  return random.pick([
    `${the} is neither ${first} nor ${second}`,
    `${the} is not ${first} and not ${second}`,
    `${the} is not ${first} , nor is it ${second}`,
  ]);
}

/** A whole phrase, or two of which one holds: there are fewer ways to say these. */
function compoundClaim(random: Random, claim: Attribute): string {
  const { a, property, other } = claim;
  const the = definite(random, a, property.shape !== undefined);
  const what = (): string =>
    other === undefined ? predicate(random, property) : oneOf(random, claim, 'singular');
  return random.pick([
    () => `${the} is ${what()}`,
    () => `${the} is ${what()}`,
    () => `${the}${somewhere(random)} is ${what()}`,
    () => `is ${the} ${what()}`,
    () => `${the} ${random.pick(SEEMS)} ${what()}`,
  ])();
}

const SEEMS = ['must be', 'seems to be', 'appears to be', 'turns out to be', 'happens to be'] as const;

/** "The circle is red", or with `not` that it is not. */
export function attributeClaim(random: Random, claim: Attribute, not = false): string {
  const { a, property } = claim;
  if (isCompound(property) || claim.other !== undefined) return compoundClaim(random, claim);
  const the = definite(random, a, property.shape !== undefined);
  const is = not ? random.pick(['is not', "isn't", 'is not']) : 'is';
  const does = (verb: string, plain: string): string =>
    not ? `${random.pick(['does not', "doesn't"])} ${plain}` : verb;
  const forms = [
    () => `${the} ${is} ${predicate(random, property)}`,
    () => `${the} ${is} ${predicate(random, property)}`,
    () => `${the} ${is} ${predicate(random, property)}`,
    () => `${the}${a.hidden ? '' : somewhere(random)} ${is} ${predicate(random, property)}`,
    // "Isn't the circle red?" expects a yes: nobody would know what its answer denies.
    () =>
      not
        ? `${the} is certainly not ${predicate(random, property)}`
        : `is ${the} ${predicate(random, property)}`,
    () =>
      `${the} ${is} ${property.shape === undefined ? indefinite(random, property, true) : predicate(random, property)}`,
    () =>
      `${the} ${does('looks', 'look')} ${property.shape === undefined ? predicate(random, property) : `like ${predicate(random, { shape: property.shape })}`}`,
  ];
  if (not) forms.push(() => `${the} is anything but ${predicate(random, property)}`);
  if (!not) {
    forms.push(
      () => `${the} , ${random.pick(['it is', "it's"])} ${predicate(random, property)}`,
      () => `${the} ? ${predicate(random, property)}`,
      () => `${predicate(random, property)} is what ${the} is`,
      () => `i would call ${the} ${predicate(random, property)}`,
      () => `${the} is ${predicate(random, property)} , not ${predicate(random, unlike(random, property))}`,
    );
  } else forms.push(() => `${the} ${random.pick(SEEMS)} ${predicate(random, property)}`);
  if (property.colour !== undefined) {
    const word = colourWord(random, property.colour);
    forms.push(
      () => `the ${random.pick(['colour', 'color'])} of ${the} ${is} ${word}`,
      () =>
        `${the} ${does('has', 'have')} ${random.pick([`a ${word} colour`, `a ${word} color`, `the colour ${word}`])}`,
      () => `${word} ${is} the colour of ${the}`,
      () =>
        `${the} ${is} ${random.pick(['coloured', 'colored', 'painted', 'drawn in', 'filled with'])} ${word}`,
    );
  }
  if (property.size !== undefined) {
    forms.push(() => `the size of ${the} ${is} ${sizeWord(random, property.size ?? 'small')}`);
  }
  if (property.shape !== undefined) {
    const noun = shapeNoun(random, property.shape)[0];
    forms.push(
      () => `the shape of ${the} ${is} ${withArticle(noun)}`,
      () => `${the} ${does('has', 'have')} the shape of ${withArticle(noun)}`,
      () => `${the} ${is} shaped like ${withArticle(noun)}`,
    );
  }
  return random.pick(forms)();
}

type Quantified = Extract<Claim, { type: 'quantified' }>;

const isAnything = (phrase: Phrase): boolean => Object.keys(phrase).length === 0;

const isColour = (phrase: Phrase): boolean => phrase.shape === undefined && phrase.size === undefined;

function all(random: Random, claim: Quantified): string {
  const { a, property, other } = claim;
  const one = (): string => (isAnything(a) ? thingNoun(random, false)[0] : bare(random, a, 'singular'));
  const many = (): string => plural(random, a);
  const is = (): string =>
    other === undefined ? predicate(random, property) : oneOf(random, claim, 'singular');
  const are = (): string =>
    other === undefined ? predicate(random, property, 'plural') : oneOf(random, claim, 'plural');
  const forms = [
    () => `every ${one()}${somewhere(random)} is ${is()}`,
    () => `every last ${one()} is ${is()}`,
    () => `every ${one()} is ${is()}`,
    () => `each ${one()} is ${is()}`,
    () => `every single ${one()} is ${is()}`,
    () =>
      `${random.pick(['all', 'all', 'all the', 'all of the'])} ${many()}${somewhere(random)} are ${are()}`,
    () => `${random.pick(['all', 'all', 'all the', 'all of the'])} ${many()} are ${are()}`,
    () => `the ${many()} are all ${are()}`,
    () => `there is no ${one()} that is not ${is()}`,
    () => `${random.pick(['are all', 'are all the', 'are all of the'])} ${many()} ${are()}`,
    () => `is every ${one()} ${is()}`,
    () => `each of the ${many()} is ${is()}`,
    () => `any ${one()} here is ${is()}`,
    () => `${random.pick(['each one', 'every single one', 'every one'])} of the ${many()} is ${is()}`,
    () => `${many()} are always ${are()} here`,
    () => `without exception the ${many()} are ${are()}`,
  ];
  if (isAnything(a)) {
    forms.push(
      () => `everything${somewhere(random)} is ${is()}`,
      () => `everything${somewhere(random)} is ${is()}`,
    );
  }
  if (isAnything(a) && other === undefined) {
    forms.push(
      () => `there are only ${plural(random, property)}${somewhere(random)}`,
      () =>
        `only ${plural(random, property)} are ${random.pick(['there', 'visible', 'shown', 'in the picture'])}`,
      () =>
        `${random.pick(PICTURES)} ${random.pick(SHOWS)[0]} ${random.pick(['only', 'nothing but', 'just'])} ${plural(random, property)}`,
      () => `there is nothing but ${plural(random, property)}${somewhere(random)}`,
    );
  }
  // "Everything red is small".
  if (!isAnything(a) && a.shape === undefined) {
    const such = (): string => predicate(random, a);
    forms.push(
      () => `everything ${such()} is ${is()}`,
      () => `everything ${such()} is ${is()}`,
      () => `everything that is ${such()} is ${is()}`,
      () => `anything ${such()} is ${is()}`,
      () => `whatever is ${such()} is ${is()}`,
    );
  }
  // "Only stars are red": every red thing is a star.
  if (!isAnything(a) && other === undefined && isColour(a) && property.shape !== undefined) {
    forms.push(() => `only ${plural(random, property)} are ${predicate(random, a, 'plural')}`);
  }
  return random.pick(forms)();
}

function none(random: Random, { a, property }: Quantified): string {
  const many = (): string => plural(random, a);
  const is = (): string => predicate(random, property);
  const are = (): string => predicate(random, property, 'plural');
  if (isAnything(a)) {
    return random.pick([
      () => `nothing${somewhere(random)} is ${is()}`,
      () => `none of the ${thingNoun(random, false)[1]} is ${is()}`,
      () => `none of the ${thingNoun(random, false)[1]} are ${are()}`,
      () => `no ${thingNoun(random, false)[0]} is ${is()}`,
    ])();
  }
  const such = predicate(random, a);
  return random.pick([
    ...(a.shape === undefined
      ? [() => `nothing ${such} is ${is()}`, () => `nothing ${such} is ${is()}`]
      : []),
    () => `no ${bare(random, a, 'singular')} is ${is()}`,
    () => `no ${bare(random, a, 'singular')}${somewhere(random)} is ${is()}`,
    () => `none of the ${many()} is ${is()}`,
    () => `none of the ${many()} are ${are()}`,
    () => `not a single ${bare(random, a, 'singular')} is ${is()}`,
    () => `not one of the ${many()} is ${is()}`,
    () => `no ${many()} are ${are()}`,
    () => `the ${many()} are all not ${are()}`,
    () => `there is no ${bare(random, a, 'singular')} that is ${is()}`,
  ])();
}

function notAll(random: Random, { a, property }: Quantified): string {
  const many = (): string => plural(random, a);
  const one = (): string => bare(random, a, 'singular');
  const is = (): string => predicate(random, property);
  return random.pick([
    () => `not all ${many()} are ${predicate(random, property, 'plural')}`,
    () => `not all of the ${many()} are ${predicate(random, property, 'plural')}`,
    () => `not every ${one()} is ${is()}`,
    () => `${random.pick(['at least one', 'some'])} ${one()} is not ${is()}`,
    () => `at least one of the ${many()} is not ${is()}`,
    () => `there is ${withArticle(one())} that is not ${is()}`,
    () => `one of the ${many()} isn't ${is()}`,
  ])();
}

/** "Everything but the star is red". */
function allExcept(random: Random, { property, except = {} }: Quantified): string {
  const the = definite(random, except);
  const [is, are] = [predicate(random, property), predicate(random, property, 'plural')];
  const things = thingNoun(random, false)[1];
  return random.pick([
    `everything but ${the} is ${is}`,
    `everything except ${the} is ${is}`,
    `everything is ${is} except ${the}`,
    `apart from ${the} everything is ${is}`,
    `apart from ${the} , all ${things} are ${are}`,
    `except for ${the} all ${things} are ${are}`,
    `all ${things} are ${are} but ${the} is not`,
    `only ${the} is not ${is}`,
  ]);
}

function allButOne(random: Random, { a, property }: Quantified): string {
  const many = isAnything(a) ? thingNoun(random, false)[1] : plural(random, a);
  const [is, are] = [predicate(random, property), predicate(random, property, 'plural')];
  return random.pick([
    `all but one of the ${many} are ${are}`,
    `apart from one the ${many} are all ${are}`,
    `all of the ${many} are ${are} , apart from one`,
    `all of the ${many} but one are ${are}`,
    `all ${many} except one are ${are}`,
    `all the ${many} are ${are} , except for one`,
    `exactly one of the ${many} is not ${is}`,
    `just one of the ${many} isn't ${is}`,
  ]);
}

function someNotAll(random: Random, { a, property }: Quantified): string {
  const many = isAnything(a) ? thingNoun(random, false)[1] : plural(random, a);
  const are = predicate(random, property, 'plural');
  return random.pick([
    `some ${many} are ${are} and some are not`,
    `some of the ${many} are ${are} , others are not`,
    `some but not all ${many} are ${are}`,
    `not all but some of the ${many} are ${are}`,
    `only some of the ${many} are ${are}`,
    `the ${many} are partly ${are} and partly not`,
  ]);
}

/** "Every circle is red" and its kin. */
export function quantifiedClaim(random: Random, claim: Quantified): string {
  if (claim.except !== undefined) return allExcept(random, claim);
  switch (claim.quantity) {
    case 'all':
      return all(random, claim);
    case 'none':
      return none(random, claim);
    case 'notAll':
      return notAll(random, claim);
    case 'allButOne':
      return allButOne(random, claim);
    case 'some but not all':
      return someNotAll(random, claim);
    case 'both': {
      const many = plural(random, claim.a);
      const are = predicate(random, claim.property, 'plural');
      return random.pick([
        `both ${many} are ${are}`,
        `both of the ${many} are ${are}`,
        `the two ${many} are both ${are}`,
        `are both ${many} ${are}`,
        `the two ${many} are ${are}`,
      ]);
    }
  }
}
