import type { Claim, Phrase } from '../claims.ts';
import type { Random } from '../random.ts';
import { oneOf } from './attributes.ts';
import { bare, definite, plural, predicate } from './noun-phrase.ts';
import { PICTURES, SHOWS } from './style.ts';
import { somewhere, thingNoun, withArticle } from './words.ts';

type Quantified = Extract<Claim, { type: 'quantified' }>;

const isAnything = (phrase: Phrase): boolean => Object.keys(phrase).length === 0;

const isColour = (phrase: Phrase): boolean => phrase.shape === undefined && phrase.size === undefined;

/** "Everything is red", "there are only stars". */
function ofEverything(random: Random, { property, other }: Quantified, is: () => string): (() => string)[] {
  const forms = [
    () => `everything${somewhere(random)} is ${is()}`,
    () => `everything${somewhere(random)} is ${is()}`,
    () => `nothing${somewhere(random)} is anything ${random.pick(['but', 'other than'])} ${is()}`,
    () => `there is nothing that isn't ${is()}`,
  ];
  if (other !== undefined) return forms;
  const many = (): string => plural(random, property);
  return [
    ...forms,
    () => `there are only ${many()}${somewhere(random)}`,
    () => `only ${many()} are ${random.pick(['there', 'visible', 'shown', 'in the picture'])}`,
    () => `${random.pick(PICTURES)} ${random.pick(SHOWS)[0]} ${random.pick(['only', 'nothing but', 'just'])} ${many()}`,
    () => `there is nothing but ${many()}${somewhere(random)}`,
  ];
}

/** "Everything red is small". */
function ofAnythingSuch(random: Random, a: Phrase, is: () => string): (() => string)[] {
  if (a.shape !== undefined) return [];
  const such = (): string => predicate(random, a);
  return [
    () => `everything ${such()} is ${is()}`,
    () => `everything ${such()} is ${is()}`,
    () => `everything that is ${such()} is ${is()}`,
    () => `anything ${such()} is ${is()}`,
    () => `anything ${such()}${somewhere(random)} is ${is()}`,
    () => `whatever is ${such()} is ${is()}`,
    () => `all that is ${such()} is ${is()}`,
    () => `what is ${such()} is ${is()}`,
  ];
}

function all(random: Random, claim: Quantified): string {
  const { a, property, other } = claim;
  const one = (): string => (isAnything(a) ? thingNoun(random, false)[0] : bare(random, a, 'singular'));
  const many = (): string => plural(random, a);
  const is = (): string => (other === undefined ? predicate(random, property) : oneOf(random, claim, 'singular'));
  const are = (): string =>
    other === undefined ? predicate(random, property, 'plural') : oneOf(random, claim, 'plural');
  const forms = [
    () => `every ${one()}${somewhere(random)} is ${is()}`,
    () => `every last ${one()} is ${is()}`,
    () => `every ${one()} is ${is()}`,
    () => `each ${one()} is ${is()}`,
    () => `every single ${one()} is ${is()}`,
    () => `${random.pick(['all', 'all', 'all the', 'all of the'])} ${many()}${somewhere(random)} are ${are()}`,
    () => `${random.pick(['all', 'all', 'all the', 'all of the'])} ${many()} are ${are()}`,
    () => `the ${many()} are all ${are()}`,
    () => `there is no ${one()} that is not ${is()}`,
    () => `${random.pick(['are all', 'are all the', 'are all of the'])} ${many()} ${are()}`,
    () => `is every ${one()} ${is()}`,
    () => `each of the ${many()} is ${is()}`,
    () => `any ${one()} here is ${is()}`,
    () => `no ${one()} is anything other than ${is()}`,
    () => `if it is ${withArticle(one())} , it is ${is()}`,
    () => `you won't find ${withArticle(one())} that isn't ${is()}`,
    () => `not one ${one()} is anything but ${is()}`,
    () => `the ${many()} are ${are()} , all of them`,
    () => `${random.pick(['each one', 'every single one', 'every one'])} of the ${many()} is ${is()}`,
    () => `${many()} are always ${are()} here`,
    () => `without exception the ${many()} are ${are()}`,
  ];
  forms.push(...(isAnything(a) ? ofEverything(random, claim, is) : ofAnythingSuch(random, a, is)));
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
    ...(a.shape === undefined ? [() => `nothing ${such} is ${is()}`, () => `nothing ${such} is ${is()}`] : []),
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

/** "Every circle is red" and similar sentences. */
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
