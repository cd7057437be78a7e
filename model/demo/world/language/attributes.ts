import type { Claim, Phrase } from '../claims.ts';
import type { Random } from '../random.ts';
import { bare, definite, indefinite, plural, predicate } from './noun-phrase.ts';
import { PICTURES, SHOWS } from './style.ts';
import { colourWord, shapeNoun, sizeWord, somewhere, thingNoun, withArticle } from './words.ts';

/** "The circle is red", or with `not` that it is not. */
export function attributeClaim(
  random: Random,
  { a, property }: Extract<Claim, { type: 'attribute' }>,
  not = false,
): string {
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

function all(random: Random, { a, property }: Quantified): string {
  const one = (): string => (isAnything(a) ? thingNoun(random, false)[0] : bare(random, a, 'singular'));
  const many = (): string => plural(random, a);
  const is = (): string => predicate(random, property);
  const are = (): string => predicate(random, property, 'plural');
  const both: Phrase = { ...a, ...property };
  const forms = [
    () => `every ${one()}${somewhere(random)} is ${is()}`,
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
    () => `${many()} are always ${are()} here`,
    () => `without exception the ${many()} are ${are()}`,
  ];
  if (isAnything(a)) {
    forms.push(
      () => `everything${somewhere(random)} is ${is()}`,
      () => `everything${somewhere(random)} is ${is()}`,
      () => `there are only ${plural(random, property)}${somewhere(random)}`,
      () =>
        `only ${plural(random, property)} are ${random.pick(['there', 'visible', 'shown', 'in the picture'])}`,
      () =>
        `${random.pick(PICTURES)} ${random.pick(SHOWS)[0]} ${random.pick(['only', 'nothing but', 'just'])} ${plural(random, property)}`,
      () => `there is nothing but ${plural(random, property)}${somewhere(random)}`,
    );
  } else {
    // "Only stars are red": every red thing is a star.
    if (a.shape === undefined && a.size === undefined && property.shape !== undefined) {
      forms.push(() => `only ${plural(random, property)} are ${predicate(random, a, 'plural')}`);
    }
    if (a.shape !== undefined && property.colour !== undefined) {
      forms.push(() => `there are only ${plural(random, both)} , no ${plural(random, a)} of another colour`);
    }
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
  return random.pick([
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

/** "Every circle is red" and its kin. */
export function quantifiedClaim(random: Random, claim: Quantified): string {
  switch (claim.quantity) {
    case 'all':
      return all(random, claim);
    case 'none':
      return none(random, claim);
    case 'notAll':
      return notAll(random, claim);
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
