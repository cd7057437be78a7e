import type { Claim, OutsideWord, Phrase } from '../claims.ts';
import type { Random } from '../random.ts';
import { COLOURS, type Colour } from '../scene.ts';
import { SHAPES } from '../shapes.ts';
import { definite, indefinite, isCompound, predicate, type Grammatical } from './noun-phrase.ts';
import { colourWord, shapeNoun, sizeWord, somewhere, thingNoun, withArticle } from './words.ts';

type Attribute = Extract<Claim, { type: 'attribute' }>;

/** A colour, shape or size that differs from the property. */
function unlike(random: Random, { colour, shape, size }: Phrase): Phrase {
  if (colour !== undefined) return { colour: random.pick(COLOURS.filter((each) => each !== colour)) };
  if (shape !== undefined) return { shape: random.pick(SHAPES.filter((each) => each !== shape)) };
  return { size: size === 'small' ? 'large' : 'small' };
}

/** "red or blue". */
export function oneOf(
  random: Random,
  { property, other = {} }: Extract<Claim, { type: 'attribute' | 'quantified' }>,
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

/** A phrase with several attributes, or two alternatives. There are fewer ways to say these. */
function compoundClaim(random: Random, claim: Attribute): string {
  const { a, property, other } = claim;
  const the = definite(random, a, property.shape !== undefined);
  const what = (): string => (other === undefined ? predicate(random, property) : oneOf(random, claim, 'singular'));
  return random.pick([
    () => `${the} is ${what()}`,
    () => `${the} is ${what()}`,
    () => `${the}${somewhere(random)} is ${what()}`,
    () => `is ${the} ${what()}`,
    () => `${the} ${random.pick(SEEMS)} ${what()}`,
  ])();
}

const SEEMS = ['must be', 'seems to be', 'appears to be', 'turns out to be', 'happens to be'] as const;

/** "Something red peeks out from behind the star". */
function behindIt(random: Random, behind: Phrase, colour: Colour | OutsideWord): string {
  const [cover, word] = [definite(random, behind), colourWord(random, colour)];
  const some = random.pick([
    `something ${word}`,
    `something ${word}`,
    withArticle(`${word} ${thingNoun(random, false)[0]}`),
  ]);
  const bit = random.pick(['a bit', 'a piece', 'a part', 'a corner']);
  return random.pick([
    `${some} ${random.pick(['peeks out', 'sticks out', 'is peeking out', 'is poking out', 'pokes out'])} from behind ${cover}`,
    `${some} is ${random.pick(['', 'partly hidden ', 'half hidden '])}behind ${cover}`,
    `behind ${cover} ${random.pick(['is', 'there is', 'hides', "there's"])} ${some}`,
    `there is ${some} ${random.pick(['', 'hidden ', 'hiding '])}behind ${cover}`,
    `${bit} of ${some} ${random.pick(['sticks out', 'can be seen', 'shows'])} behind ${cover}`,
    `${cover} ${random.pick(['covers', 'hides', 'is covering', 'partly covers', 'is in front of'])} ${some}`,
    `${some} is ${random.pick(['partly covered', 'covered', 'hidden', 'partly hidden'])} by ${cover}`,
  ]);
}

/** "The colour of the circle is red". */
function inColour(
  random: Random,
  the: string,
  colour: Colour | OutsideWord,
  is: string,
  does: (verb: string, plain: string) => string,
): (() => string)[] {
  const word = colourWord(random, colour);
  return [
    () => `the ${random.pick(['colour', 'color'])} of ${the} ${is} ${word}`,
    () => `${the} ${does('has', 'have')} ${random.pick([`a ${word} colour`, `a ${word} color`, `the colour ${word}`])}`,
    () => `${word} ${is} the colour of ${the}`,
    () => `${the} ${is} ${random.pick(['coloured', 'colored', 'painted', 'drawn in', 'filled with'])} ${word}`,
  ];
}

/** "The circle is red", or its negation with `not`. */
export function attributeClaim(random: Random, claim: Attribute, not = false): string {
  const { a, property } = claim;
  if (isCompound(property) || claim.other !== undefined) return compoundClaim(random, claim);
  if (!not && a.behind !== undefined && property.colour !== undefined && random.chance(0.4)) {
    return behindIt(random, a.behind, property.colour);
  }
  const the = definite(random, a, property.shape !== undefined);
  const is = not ? random.pick(['is not', "isn't", 'is not']) : 'is';
  const does = (verb: string, plain: string): string =>
    not ? `${random.pick(['does not', "doesn't"])} ${plain}` : verb;
  const forms = [
    () => `${the} ${is} ${predicate(random, property)}`,
    () => `${the} ${is} ${predicate(random, property)}`,
    () => `${the} ${is} ${predicate(random, property)}`,
    () => `${the}${a.hidden ? '' : somewhere(random)} ${is} ${predicate(random, property)}`,
    // "Isn't the circle red?" expects a yes, and it is unclear what a no would mean.
    () => (not ? `${the} is certainly not ${predicate(random, property)}` : `is ${the} ${predicate(random, property)}`),
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
      () =>
        the.startsWith('what')
          ? `${the} is ${predicate(random, property)}`
          : `${predicate(random, property)} is what ${the} is`,
      () => `i would call ${the} ${predicate(random, property)}`,
      () => `as for ${the} , it is ${predicate(random, property)}`,
      () => `${the} looks ${property.shape === undefined ? '' : 'like '}${predicate(random, property)} to me`,
      () => `${the} is ${predicate(random, property)} , not ${predicate(random, unlike(random, property))}`,
    );
  } else forms.push(() => `${the} ${random.pick(SEEMS)} ${predicate(random, property)}`);
  if (property.colour !== undefined) forms.push(...inColour(random, the, property.colour, is, does));
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
