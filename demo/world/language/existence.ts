import type { Phrase } from '../claims.ts';
import type { Random } from '../random.ts';
import { bare, indefinite, plural } from './noun-phrase.ts';
import { PICTURES, SEE, SHOWS, VISIBLE } from './style.ts';
import { colourWord, somewhere } from './words.ts';

/** "something red", for a phrase that is only a colour. */
function something(random: Random, phrase: Phrase, word: 'something' | 'nothing' | 'anything'): string | undefined {
  if (phrase.shape !== undefined || phrase.size !== undefined) return undefined;
  return phrase.colour === undefined ? word : `${word} ${colourWord(random, phrase.colour)}`;
}

const HEDGES = [
  'must be',
  'seems to be',
  'appears to be',
  'happens to be',
  'should be',
  'has to be',
  'surely is',
] as const;
const HEDGES_OF_MANY = ['must be', 'seem to be', 'appear to be', 'happen to be', 'should be', 'surely are'] as const;

/** "Red turns up here", for a phrase that is only a colour. */
function colourThere(random: Random, { colour, shape, size }: Phrase): string | undefined {
  if (colour === undefined || shape !== undefined || size !== undefined) return undefined;
  const word = colourWord(random, colour);
  return random.pick([
    `${word} ${random.pick(['turns up', 'occurs', 'appears', 'is used', 'can be seen'])} ${random.pick(['here', 'in the picture', 'somewhere'])}`,
    `there is ${random.pick(['some ', ''])}${word} in ${random.pick(['it', 'the picture', 'this image'])}`,
    `one of the colours ${random.pick(['here', 'in the picture'])} is ${word}`,
  ]);
}

/** Statements that something exists, for any noun: "a red circle", "a star or a heart". */
export function presence(random: Random, things: string, number: 0 | 1 = 0): string {
  const there = number === 0 ? 'there is' : 'there are';
  const [shows, show] = random.pick(SHOWS);
  const picture = random.pick(PICTURES);
  return random.pick([
    () => `${there} ${things}${somewhere(random)}`,
    () => `${there} ${things}${somewhere(random)}`,
    () => `${there} ${things}${somewhere(random)}`,
    () => `${things} ${random.pick(VISIBLE)[number]}`,
    () => `${things} ${random.pick(VISIBLE)[number]}`,
    () => `${random.pick(SEE)[0]} ${things}${somewhere(random)}`,
    () => `${picture} ${shows} ${things}`,
    () => `${picture} ${shows} ${things}`,
    () => `${picture} has ${things} in it`,
    () => `there exists ${things}${somewhere(random)}`,
    () => `${number === 0 ? 'is' : 'are'} there ${things}${somewhere(random)}`,
    () => `does ${picture} ${show} ${things}`,
    () => `${random.pick(['do you see', 'can you see', 'can i see', 'can we find'])} ${things}${somewhere(random)}`,
    () => `somewhere ${there} ${things}`,
    () => `there ${random.pick(number === 0 ? HEDGES : HEDGES_OF_MANY)} ${things}${somewhere(random)}`,
    () =>
      `${things} ${random.pick(['must be', 'should be', 'seems to be'])} ${random.pick(['there', 'here', 'in the picture'])}`,
    () => `${things} is what ${random.pick(['i see', 'you see', 'the picture shows'])}`,
    () => things,
    () =>
      `${random.pick(['a picture of', 'a picture with', 'an image of', 'an image with', 'it shows', 'i can spot'])} ${things}`,
  ])();
}

/** "There is a red circle." */
export function existence(random: Random, a: Phrase): string {
  const named = (): string => bare(random, a, 'singular');
  const many = (): string => plural(random, a);
  return random.pick([
    () => presence(random, indefinite(random, a)),
    () => presence(random, indefinite(random, a)),
    () => presence(random, indefinite(random, a)),
    () => presence(random, something(random, a, 'something') ?? indefinite(random, a)),
    () => colourThere(random, a) ?? presence(random, indefinite(random, a)),
    () => presence(random, `${random.pick(['at least one', 'some', 'one or more'])} ${named()}`),
    () => `are there any ${many()}${somewhere(random)}`,
    () => `does ${random.pick(PICTURES)} ${random.pick(SHOWS)[1]} any ${many()}`,
    () =>
      `${random.pick(['one', 'at least one', 'some'])} of the ${random.pick(['objects', 'things', 'shapes', 'figures'])} is ${indefinite(random, a)}`,
    () =>
      `${random.pick(['among the objects is', 'among the shapes there is', 'one thing i see is'])} ${indefinite(random, a)}`,
    () =>
      `${random.pick(['that looks like', 'i take that for', 'i would call that', "that'd be"])} ${indefinite(random, a)}${random.pick(['', ' to me'])}`,
    () =>
      `there is ${random.pick(['indeed', 'also', 'in fact', 'clearly'])} ${indefinite(random, a)}${somewhere(random)}`,
    () =>
      `${random.pick(PICTURES)} ${random.pick(['does contain', 'does show', 'does have'])} ${indefinite(random, a)}`,
  ])();
}

/** "There is no red circle." */
export function absence(random: Random, a: Phrase): string {
  const said = absenceOf(random, a);
  // Only these can be continued.
  if (!/^(there|no) /.test(said) || !random.chance(0.12)) return said;
  return `${said} ${random.pick(['at all', 'whatsoever', 'anywhere', 'to be seen', 'to be found'])}`;
}

function absenceOf(random: Random, a: Phrase): string {
  const one = (): string => bare(random, a, 'singular');
  const many = (): string => plural(random, a);
  const [, show] = random.pick(SHOWS);
  const picture = random.pick(PICTURES);
  const verb = random.pick(VISIBLE);
  return random.pick([
    () => `there is no ${one()}${somewhere(random)}`,
    () => `there is no ${one()}${somewhere(random)}`,
    () => `there are no ${many()}${somewhere(random)}`,
    () => `there are no ${many()}${somewhere(random)}`,
    () => `there ${random.pick(["isn't", 'is not'])} ${random.pick(['a', 'any'])} ${one()}${somewhere(random)}`,
    () => `there ${random.pick(["aren't", 'are not'])} any ${many()}${somewhere(random)}`,
    () => `there is ${random.pick(['not a single', 'not one', 'not even one'])} ${one()}${somewhere(random)}`,
    () => `no ${one()} ${verb[0]}`,
    () => `no ${many()} ${verb[1]}`,
    () => `${picture} ${random.pick(["doesn't", 'does not'])} ${show} ${indefinite(random, a)}`,
    () => `${picture} ${random.pick(["doesn't", 'does not'])} ${show} any ${many()}`,
    () => `${picture} ${random.pick(SHOWS)[0]} no ${random.chance(0.5) ? one() : many()}`,
    () => `${picture} is ${random.pick(['without', 'free of', 'lacking'])} ${many()}`,
    () => `${picture} lacks ${indefinite(random, a)}`,
    () => `${random.pick(SEE)[1]} ${random.pick([indefinite(random, a), `any ${many()}`])}${somewhere(random)}`,
    () => `none of the ${random.pick(['objects', 'things', 'shapes'])} is ${indefinite(random, a)}`,
    () =>
      `${indefinite(random, a)} is ${random.pick(['missing', 'absent', 'not there', 'not visible', 'not in the picture', 'nowhere to be seen'])}`,
    () => `${many()} are ${random.pick(['missing', 'absent', 'not there', 'not present', 'nowhere to be seen'])}`,
    () => `there is ${something(random, a, 'nothing') ?? `nothing like ${indefinite(random, a)}`}${somewhere(random)}`,
    () =>
      `nothing ${random.pick(['here', 'in the picture', 'in the image'])} is ${a.shape === undefined && a.size === undefined && a.colour !== undefined ? colourWord(random, a.colour) : indefinite(random, a)}`,
    () => `${random.pick(['without any', 'without', 'zero', 'no'])} ${many()}`,
  ])();
}
