import type { OutsideWord } from '../claims.ts';
import { OUTWARD } from './style.ts';
import type { Random } from '../random.ts';
import type { Colour, Size } from '../scene.ts';
import type { Shape } from '../shapes.ts';

/** Synonyms, with the plain word first. It is used most of the time. */
type Words = readonly [string, ...string[]];

const COLOUR_WORDS: Readonly<Record<Colour, Words>> = {
  red: ['red', 'scarlet', 'crimson'],
  orange: ['orange', 'tangerine', 'amber'],
  yellow: ['yellow', 'lemon yellow', 'golden'],
  green: ['green', 'emerald', 'grass green'],
  blue: ['blue', 'azure', 'royal blue'],
  purple: ['purple', 'violet', 'violet', 'lilac'],
  pink: ['pink', 'rose', 'light pink', 'rosy'],
  brown: ['brown', 'chocolate brown', 'dark brown'],
};

const SIZE_WORDS: Readonly<Record<Size, Words>> = {
  small: ['small', 'little', 'tiny', 'small sized'],
  large: ['large', 'big', 'big', 'huge', 'giant'],
};

/** Singular and plural. */
type Noun = readonly [string, string];

const SHAPE_NOUNS: Readonly<Record<Shape, readonly [Noun, ...Noun[]]>> = {
  circle: [
    ['circle', 'circles'],
    ['disc', 'discs'],
    ['disk', 'disks'],
    ['ball', 'balls'],
    ['dot', 'dots'],
    ['round shape', 'round shapes'],
    ['round thing', 'round things'],
  ],
  square: [
    ['square', 'squares'],
    ['box', 'boxes'],
    ['block', 'blocks'],
    ['square shape', 'square shapes'],
  ],
  triangle: [
    ['triangle', 'triangles'],
    ['triangular shape', 'triangular shapes'],
    ['triangular object', 'triangular objects'],
  ],
  star: [
    ['star', 'stars'],
    ['star shape', 'star shapes'],
    ['five pointed star', 'five pointed stars'],
  ],
  cross: [
    ['cross', 'crosses'],
    ['plus', 'pluses'],
    ['plus sign', 'plus signs'],
    ['cross shape', 'cross shapes'],
  ],
  heart: [
    ['heart', 'hearts'],
    ['heart shape', 'heart shapes'],
  ],
};

const THINGS: readonly Noun[] = [
  ['object', 'objects'],
  ['object', 'objects'],
  ['thing', 'things'],
  ['thing', 'things'],
  ['shape', 'shapes'],
  ['shape', 'shapes'],
  ['figure', 'figures'],
  ['item', 'items'],
  ['one', 'ones'],
];

const NUMBERS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight'] as const;

/** Usually the plain word, sometimes another one. */
function choose<T>(random: Random, words: readonly [T, ...T[]]): T {
  return random.chance(0.72) ? words[0] : random.pick(words);
}

export const colourWord = (random: Random, colour: Colour | OutsideWord): string =>
  typeof colour === 'object' ? colour.word : choose(random, COLOUR_WORDS[colour]);

export const sizeWord = (random: Random, size: Size): string => choose(random, SIZE_WORDS[size]);

export const shapeNoun = (random: Random, shape: Shape | OutsideWord): Noun =>
  typeof shape === 'object' ? [shape.word, shape.other] : choose(random, SHAPE_NOUNS[shape]);

/** "object", "thing" and so on. "one" only if the caller allows it. */
export function thingNoun(random: Random, pronoun: boolean): Noun {
  const noun = random.pick(THINGS);
  return noun[0] === 'one' && !pronoun ? ['object', 'objects'] : noun;
}

/** An adjective for a shape, if there is one. */
export function shapeAdjective(random: Random, shape: Shape | OutsideWord): string | undefined {
  if (typeof shape === 'object') return undefined;
  const adjectives: Partial<Record<Shape, readonly string[]>> = {
    circle: ['round', 'circular'],
    square: ['square'],
    triangle: ['triangular'],
    star: ['star shaped', 'star-shaped'],
    cross: ['cross shaped', 'cross-shaped'],
    heart: ['heart shaped', 'heart-shaped'],
  };
  const found = adjectives[shape];
  return found === undefined ? undefined : random.pick(found);
}

/** A number as a word or, sometimes, in digits. */
export function number(random: Random, n: number): string {
  return random.chance(0.3) ? String(n) : (NUMBERS[n] ?? String(n));
}

/** "a" or "an" before the words. */
export const withArticle = (words: string): string =>
  /^[aeiou]/.test(words) && !words.startsWith('one') ? `an ${words}` : `a ${words}`;

/** "in the picture", "here" and so on, or nothing. */
export function somewhere(random: Random): string {
  return random.chance(0.45) ? '' : ` ${random.pick(OUTWARD)}`;
}
