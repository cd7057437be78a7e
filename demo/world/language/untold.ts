import type { Claim, OutsideWord } from '../claims.ts';
import type { Random } from '../random.ts';
import { DEGREES } from './elsewhere.ts';
import { presence } from './existence.ts';
import { bare, definite, indefinite, plural } from './noun-phrase.ts';
import { number, withArticle } from './words.ts';

type Untold = Extract<Claim, { type: 'untold' }>;

const IN = ['in the', 'on the', 'near the', 'with a', 'behind a', 'next to a', 'at the', 'from the', 'for a'] as const;

const WHATEVER = [
  'it',
  'it',
  'this',
  'that',
  'all of it',
  'everything',
  'the picture',
  'the drawing',
  'the whole thing',
] as const;

const ALL = ['they', 'they', 'these', 'these', 'those', 'all of them', 'all these'] as const;

/** "They", "these shapes", "the red stars". */
function severalOf(random: Random, { a }: Untold): string {
  const these = random.pick(['the', 'the', 'these', 'those', 'all the']);
  if (Object.keys(a).length === 0 && random.chance(0.6)) return random.pick(ALL);
  return `${these} ${plural(random, a)}`;
}

/** What a claim is about as its subject; whatever there is, if the claim names nothing. */
function subjectOf(random: Random, claim: Untold): string {
  const { a, several } = claim;
  if (several) return severalOf(random, claim);
  return Object.keys(a).length === 0 ? random.pick(WHATEVER) : definite(random, a);
}

/** The thing or place after a verb, if there is one: "in the garden", "a horse". */
function around(random: Random, { where }: Untold): string {
  if (where === undefined) return '';
  return random.chance(0.35) ? ` ${withArticle(where.word)}` : ` ${random.pick(IN)} ${where.word}`;
}

/** "runs", "watches", "tries". */
function thirdPerson(verb: string): string {
  if (/[^aeiou]y$/.test(verb)) return `${verb.slice(0, -1)}ies`;
  return /(s|x|z|ch|sh|o)$/.test(verb) ? `${verb}es` : `${verb}s`;
}

/** "The blue square", "any of the squares". */
function others(random: Random, { phrase, several }: NonNullable<Untold['than']>): string {
  if (!several) return definite(random, phrase);
  return `${random.pick(['any', 'all', 'most', 'each'])} of the ${plural(random, phrase)}`;
}

/** "The star is happier than the heart", "the star is as happy as the heart". */
function comparativeClaim(random: Random, claim: Untold, than: NonNullable<Untold['than']>): string {
  const [the, other, adjective] = [subjectOf(random, claim), others(random, than), claim.word.word];
  const more = random.pick([...DEGREES, `more ${adjective}`, `more ${adjective}`, `less ${adjective}`]);
  return random.pick([
    `${the} is ${more} than ${other}`,
    `${the} is ${more} than ${other}`,
    `${the} is ${random.pick(['much', 'far', 'a bit', 'a little', 'slightly'])} ${more} than ${other}`,
    `${the} ${random.pick(['looks', 'seems', 'must be'])} more ${adjective} than ${other}`,
    `${the} is ${random.pick(['as', 'just as', 'not as'])} ${adjective} as ${other}`,
    `compared with ${definite(random, than.phrase)} , ${the} is ${more}`,
    `${the} ${random.pick(['costs', 'weighs'])} ${random.pick(['more', 'less'])} than ${other}`,
  ]);
}

function adjectiveClaim(random: Random, claim: Untold): string {
  const { a, word, than } = claim;
  if (than !== undefined) return comparativeClaim(random, claim, than);
  if (!claim.definite) return presence(random, withArticle(`${word.word} ${bare(random, a, 'singular')}`));
  const the = subjectOf(random, claim);
  if (claim.several) {
    return random.pick([
      `${the} are ${word.word}`,
      `${the} are ${random.pick(['very', 'quite', 'rather', 'really', 'a bit'])} ${word.word}`,
      `${the} ${random.pick(['look', 'seem', 'must be'])} ${word.word}`,
      `are ${the} ${word.word}`,
    ]);
  }
  return random.pick([
    `${the} is ${word.word}`,
    `${the} is ${word.word}`,
    `is ${the} ${word.word}`,
    `${the} is ${random.pick(['very', 'quite', 'rather', 'really', 'a bit'])} ${word.word}`,
    `${the} ${random.pick(['looks', 'seems', 'must be', 'seems to be'])} ${word.word}`,
    `${the} is ${withArticle(word.word)} one`,
  ]);
}

function verbClaim(random: Random, claim: Untold): string {
  const { a, word } = claim;
  const [doing, rest] = [word.other, around(random, claim)];
  if (!claim.definite) {
    const one = indefinite(random, a);
    return random.pick([
      `${one} is ${doing}${rest}`,
      `${one} is ${doing}${rest}`,
      `there is ${one} ${doing}${rest}`,
      `${one} ${doing}${rest}`,
      `${one} ${thirdPerson(word.word)}${rest}`,
      `${random.pick(['i see', 'you can see', 'we can see', 'it shows', 'the picture shows'])} ${one} ${doing}${rest}`,
      `is there ${one} ${doing}${rest}`,
    ]);
  }
  const the = subjectOf(random, claim);
  if (claim.several) {
    return random.pick([
      `${the} are ${doing}${rest}`,
      `${the} ${word.word}${rest}`,
      `${the} ${random.pick(['can', 'will', 'want to', 'like to', 'have to'])} ${word.word}${rest}`,
    ]);
  }
  return random.pick([
    `${the} is ${doing}${rest}`,
    `${the} is ${doing}${rest}`,
    `is ${the} ${doing}${rest}`,
    `${the} ${thirdPerson(word.word)}${rest}`,
    `${the} ${random.pick(['can', 'will', 'wants to', 'likes to', 'is about to', 'has to'])} ${word.word}${rest}`,
  ]);
}

/** Participles and past tenses of what people do to pictures and things. */
const MAKING = [
  ['drawn', 'drew'],
  ['painted', 'painted'],
  ['made', 'made'],
  ['chosen', 'chose'],
  ['bought', 'bought'],
  ['cut out', 'cut out'],
] as const;

const ATTACHED = ['printed on', 'glued to', 'stuck on', 'sewn on', 'part of', 'meant for', 'copied from'] as const;

/** "These were drawn by a teacher", "the stars belong to a dog". */
function severalByNoun(random: Random, the: string, { word, other }: OutsideWord, deed: string): string {
  const one = withArticle(word);
  const many = `${random.pick(['two', 'two different', 'three', 'several'])} ${other}`;
  const [made] = random.pick(MAKING);
  return random.pick([
    `${the} are made of ${word}`,
    `${the} belong to ${one}`,
    `${the} were ${made} by ${one}`,
    `${the} were ${made} by ${many}`,
    `${the} were ${made} last ${word}`,
    `${the} are ${random.pick(ATTACHED)} ${one}`,
    `${the} are a gift from the ${word}`,
    deed,
    deed,
  ]);
}

function nounClaim(random: Random, claim: Untold): string {
  const { a, word } = claim;
  const the = claim.definite ? subjectOf(random, claim) : indefinite(random, a);
  const one = withArticle(word.word);
  const maker = random.pick([one, one, `my ${word.word}`, `the ${word.word}`, `some ${word.other}`]);
  const [made, act] = random.pick(MAKING);
  if (claim.several) return severalByNoun(random, the, word, `${maker} ${act} ${the === 'they' ? 'them' : the}`);
  return random.pick([
    `${the} is made of ${word.word}`,
    `${the} belongs to ${random.pick([one, `the ${word.word}`])}`,
    `${the} was ${random.pick(['made', 'drawn', 'bought', 'left here'])} by ${one}`,
    `${the} is owned by ${one}`,
    `${the} is ${random.pick(['older', 'heavier', 'more expensive', 'softer'])} than ${one}`,
    `${the} smells like ${one}`,
    `${the} is a gift from the ${word.word}`,
    `${maker} ${act} ${the}`,
    `${maker} ${claim.definite ? random.pick(['wants', 'likes', 'owns', 'has lost', 'is looking for']) : 'owns'} ${the}`,
    `${the} was ${made} by ${random.pick(['two', 'two different', 'three', 'several', 'some'])} ${word.other}`,
    `${the} is ${random.pick(ATTACHED)} ${one}`,
    `${the} was ${random.pick(['drawn', 'painted', 'moved', 'sold'])} last ${word.word}`,
    `${the} was cut out of ${word.word}`,
  ]);
}

/** "Two dogs are running in the garden", of things from outside the world. */
function severalClaim(random: Random, claim: Untold): string {
  const some = random.pick([number(random, 2 + random.int(5)), 'some', 'several', 'many', 'a few', '']);
  const many = plural(random, claim.a);
  const rest = around(random, claim);
  return random.pick([
    `${some} ${many} are ${claim.word.other}${rest}`,
    `there are ${some} ${many} ${claim.word.other}${rest}`,
    `the ${many} are ${claim.word.other}${rest}`,
    `${some} ${many} ${random.pick(['can ', 'will ', 'want to ', '', ''])}${claim.word.word}${rest}`,
  ]);
}

/** "The star is happy", "a dog is running in the garden", "the heart belongs to a teacher". */
export function untoldClaim(random: Random, claim: Untold): string {
  if (claim.form === 'adjective') return adjectiveClaim(random, claim);
  if (claim.form === 'noun') return nounClaim(random, claim);
  const isOutside = typeof claim.a.shape === 'object' && !claim.several;
  return isOutside && random.chance(0.3) ? severalClaim(random, claim) : verbClaim(random, claim);
}
