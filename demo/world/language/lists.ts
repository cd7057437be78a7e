import type { Claim, Phrase, Relation } from '../claims.ts';
import { without } from '../phrases.ts';
import type { Random } from '../random.ts';
import { tally } from './counts.ts';
import { presence } from './existence.ts';
import { bare, definite, indefinite, isCompound, plural, predicate } from './noun-phrase.ts';
import { PICTURES, SEE, SHOWS } from './style.ts';
import { number, somewhere, thingNoun } from './words.ts';

type Of<T extends Claim['type']> = Extract<Claim, { type: T }>;

const NOTHING_ELSE = [
  'and nothing else',
  ', nothing else',
  'and nothing more',
  ', and that is all',
  'and that is it',
  'and no other shapes',
  ', and nothing besides',
] as const;

/** "Two stars and three hearts". */
function twoCounts(random: Random, left: Of<'count'>, right: Of<'count'>): string {
  const [first, second] = [tally(random, left.n, left.a), tally(random, right.n, right.a)];
  return random.pick([
    () => presence(random, `${first} and ${second}`, 1),
    () => presence(random, `${first} and ${second}`, 1),
    () => presence(random, `exactly ${first} and ${second}`, 1),
    () => `${first} , ${second}`,
    () => `${first} and ${second}`,
    () => `${first} plus ${second}`,
    () => presence(random, `${first} ${random.pick(['plus', 'along with'])} ${second}`, 1),
    () => `${random.pick(SEE)[0]} ${first} and ${second}${somewhere(random)}`,
    () => `i count ${first} and ${second}`,
    () => `there are ${first} , and there are ${second}`,
  ])();
}

/** "Two stars and three hearts, and nothing else". */
function twoCountsAlone(random: Random, left: Of<'count'>, right: Of<'count'>): string {
  const both = `${tally(random, left.n, left.a)} and ${tally(random, right.n, right.a)}`;
  return random.pick([
    `${both} ${random.pick(NOTHING_ELSE)}`,
    `there are ${both} ${random.pick(NOTHING_ELSE)}`,
    `${random.pick(SEE)[0]} ${both} ${random.pick(NOTHING_ELSE)}`,
    `${random.pick(PICTURES)} consists of ${both}`,
    `${random.pick(PICTURES)} is made up of ${both}`,
    `${both} make up the ${random.pick(['picture', 'image', 'whole scene'])}`,
    `${random.pick(PICTURES)} ${random.pick(SHOWS)[0]} ${random.pick(['nothing but', 'only'])} ${both}`,
    `${both} are all there is`,
  ]);
}

/** "Two of the three stars are red". */
function partOfNumber(random: Random, left: Of<'count'>, right: Of<'count'>): string {
  const { colour, size } = right.a;
  const [one, is] = right.n === 1 ? (['singular', 'is'] as const) : (['plural', 'are'] as const);
  const what = predicate(random, { ...(colour && { colour }), ...(size && { size }) }, one);
  const [all, many] = [number(random, left.n), plural(random, left.a)];
  const some = number(random, right.n);
  return random.pick([
    `${some} of the ${all} ${many} ${is} ${what}`,
    `exactly ${some} of the ${all} ${many} ${is} ${what}`,
    `of the ${all} ${many} ${some} ${is} ${what}`,
    `there are ${all} ${many} , ${some} of them ${what}`,
    `there are ${all} ${many} and ${some} of them ${is} ${what}`,
    `there are ${all} ${many} , ${some} of which ${is} ${what}`,
    `out of ${all} ${many} only ${some} ${is} ${what}`,
    `out of the ${all} ${many} , ${some} ${is} ${what}`,
    `${all} ${many} , ${some} of them ${what}`,
    `${all} ${many} are there and ${some} of these ${is} ${what}`,
  ]);
}

/** What two phrases have in common, and in what they differ. */
interface Shared {
  readonly of: Phrase;
  readonly first: Phrase;
  readonly second: Phrase;
}

/** "star" for "red star" and "blue star"; undefined unless they differ in exactly one attribute that both name. */
function sharedBy(left: Phrase, right: Phrase): Shared | undefined {
  const names = (['colour', 'shape', 'size'] as const).filter((name) => left[name] !== right[name]);
  const [name] = names;
  if (names.length !== 1 || name === undefined) return undefined;
  const [one, other] = [left[name], right[name]];
  if (one === undefined || other === undefined) return undefined;
  return { of: without(left, names), first: { [name]: one }, second: { [name]: other } };
}

/** "One star is red, one is blue": one of each, regardless of other things. */
function oneOfEach(random: Random, { of, first, second }: Shared): string {
  const [one, many] = [bare(random, of, 'singular'), plural(random, of)];
  const [is, isToo] = [predicate(random, first), predicate(random, second)];
  return random.pick([
    `one ${one} is ${is} and one is ${isToo}`,
    `one ${one} is ${is} , one is ${isToo}`,
    `one of the ${many} is ${is} , another is ${isToo}`,
    `one of the ${many} is ${is} and one is ${isToo}`,
    `${many} : one ${is} , one ${isToo}`,
    `there is one ${bare(random, { ...of, ...first }, 'singular')} and one ${bare(random, second, 'singular', true)}`,
  ]);
}

/** "One star is red, one is blue and one is green". */
function oneOfEachThree(random: Random, { of, first, second }: Shared, right: Phrase): string {
  const [one, many] = [bare(random, of, 'singular'), plural(random, of)];
  const third = without(right, Object.keys(of));
  const [a, b, c] = [first, second, third].map((each) => predicate(random, each));
  return random.pick([
    `one ${one} is ${a} , one is ${b} and one is ${c}`,
    `one ${one} is ${a} , another is ${b} and a third one is ${c}`,
    `one of the ${many} is ${a} , one ${b} and one ${c}`,
    `${many} : one ${a} , one ${b} , one ${c}`,
    `there is one ${a} ${one} , one ${b} ${one} and one ${c} ${one}`,
  ]);
}

/** "Two stars: one red, one blue", "one star is red, the other is blue". */
function bothListed(random: Random, { of, first, second }: Shared): string {
  const [one, many] = [bare(random, of, 'singular'), plural(random, of)];
  const [is, isToo] = [predicate(random, first), predicate(random, second)];
  const two = number(random, 2);
  const [a, b] = [first, second].map((each) => indefinite(random, each, true));
  return random.pick([
    `${two} ${many} : one ${is} , one ${isToo}`,
    `${two} ${many} : one is ${is} , the other is ${isToo}`,
    `${two} ${many} , one ${is} and one ${isToo}`,
    `${two} ${many} : ${a} and ${b}`,
    `${two} ${many} , ${a} and ${b}`,
    `there are ${two} ${many} , one ${is} and one ${isToo}`,
    `there are ${two} ${many} , ${a} and ${b}`,
    `there are ${two} ${many} : ${a} and ${b}`,
    `${random.pick(PICTURES)} ${random.pick(SHOWS)[0]} ${two} ${many} , ${a} and ${b}`,
    `one ${one} is ${is} , the other is ${isToo}`,
    `one ${one} is ${is} , the other one ${isToo}`,
    `one ${one} is ${is} and the other is ${isToo}`,
    `one of the two ${many} is ${is} , the other ${isToo}`,
    `of the two ${many} one is ${is} and the other ${isToo}`,
    `the two ${many} are ${is} and ${isToo}`,
  ]);
}

/** "Two things are red: a star and a heart". */
function bothOfColour(random: Random, left: Phrase, right: Phrase): string {
  const red = { ...(left.colour && { colour: left.colour }) };
  const [is, things] = [predicate(random, red), thingNoun(random, false)[1]];
  const [a, b] = [left, right].map(({ shape }) => indefinite(random, shape === undefined ? {} : { shape }));
  const two = random.pick(['two', 'two', '2', 'just two', 'exactly two']);
  return random.pick([
    `${two} ${things} are ${is} : ${a} and ${b}`,
    `${two} ${things} are ${is} , ${a} and ${b}`,
    `there are ${two} ${plural(random, red)} , ${a} and ${b}`,
    `there are ${two} ${plural(random, red)} : ${a} and ${b}`,
    `only ${a} and ${b} are ${is}`,
    `the ${plural(random, red)} are ${a} and ${b}`,
    `what is ${is} here is ${a} and ${b}`,
    `${a} and ${b} are the only ${plural(random, red)}`,
    `nothing is ${is} except ${a} and ${b}`,
  ]);
}

/** "Two stars and nothing else". */
function nothingElse(random: Random, { n, a }: Of<'count'>): string {
  const things = tally(random, n, a);
  const be = n === 1 ? 'is' : 'are';
  return random.pick([
    `${things} ${random.pick(NOTHING_ELSE)}`,
    `there ${be} ${things} ${random.pick(NOTHING_ELSE)}`,
    `there ${be} ${things} and nothing else${somewhere(random)}`,
    `there is nothing${somewhere(random)} but ${things}`,
    `${random.pick(PICTURES)} ${random.pick(SHOWS)[0]} ${things} ${random.pick(NOTHING_ELSE)}`,
    `${random.pick(PICTURES)} ${random.pick(SHOWS)[0]} nothing but ${things}`,
    `${random.pick(SEE)[0]} ${things} and no other ${random.pick(['objects', 'shapes', 'things'])}`,
    `${things} ${be} all there is${somewhere(random)}`,
    `${random.pick(PICTURES)} consists of ${things}`,
  ]);
}

/** "Apart from one star everything is red". */
function allButOneOf(random: Random, { a }: Of<'count'>, { property }: Of<'quantified'>): string {
  const one = `${random.pick(['one', 'a single', 'just one', 'exactly one'])} ${bare(random, a, 'singular')}`;
  const is = predicate(random, property);
  return random.pick([
    `apart from ${one} everything is ${is}`,
    `apart from ${one} , everything is ${is}`,
    `everything is ${is} except for ${one}`,
    `everything is ${is} , except ${one}`,
    `except for ${one} all ${random.pick(['objects', 'shapes', 'things'])} are ${predicate(random, property, 'plural')}`,
    `everything but ${one} is ${is}`,
  ]);
}

const ORDER: Readonly<Record<Relation, readonly string[]>> = {
  left: ['from left to right', 'left to right', 'going from left to right', 'from the left'],
  right: ['from right to left', 'right to left', 'going from right to left', 'from the right'],
  above: ['from top to bottom', 'top to bottom', 'from the top down', 'going down'],
  below: ['from bottom to top', 'bottom to top', 'from the bottom up', 'going up'],
};

/** "From left to right: a star, a heart, a cross". */
function inOrder(random: Random, left: Of<'relation'>, right: Of<'relation'>): string {
  const order = random.pick(ORDER[left.relation]);
  const say = random.pick([
    (phrase: Phrase) => definite(random, phrase),
    (phrase: Phrase) => indefinite(random, phrase),
    (phrase: Phrase) => bare(random, phrase, 'singular'),
  ]);
  const [a, b, c] = [left.a, left.b, right.b].map(say);
  const list = random.pick([`${a} , ${b} , ${c}`, `${a} , ${b} and ${c}`, `${a} , then ${b} , then ${c}`]);
  return random.pick([
    `${order} : ${list}`,
    `${order} , ${list}`,
    `${order} ${random.pick(['you see', 'we see', 'there are', 'come', 'we have', 'one sees'])} ${list}`,
    `${list} , ${order}`,
    `first ${a} , then ${b} , then ${c} , ${order}`,
    `the order ${order} is ${list}`,
  ]);
}

/** Whether the second phrase is a more specific version of the first. */
const isPart = (whole: Phrase, part: Phrase): boolean =>
  !isCompound(whole) && whole.shape !== undefined && whole.shape === part.shape && isCompound(part);

const isTally = ({ op, n }: Of<'count'>): boolean => op === 'exactly' && n > 0;

function countsListed(random: Random, left: Of<'count'>, right: Of<'count'>): string | undefined {
  if (!isTally(left) || !isTally(right)) return undefined;
  if (isPart(left.a, right.a) && right.n < left.n) return partOfNumber(random, left, right);
  const shared = left.n === 1 && right.n === 1 ? sharedBy(left.a, right.a) : undefined;
  const isOfOne = shared !== undefined && (shared.of.shape ?? shared.of.colour) !== undefined;
  if (isOfOne && random.chance(0.7)) return oneOfEach(random, shared);
  return twoCounts(random, left, right);
}

/** Two claims and the number of things in both, or a third claim of the same form. */
function threeListed(random: Random, { left, right }: Of<'and'>, third: Of<'count'>): string | undefined {
  if (left.type === 'exists' && right.type === 'exists') return bothOfColour(random, left.a, right.a);
  if (left.type !== 'count' || right.type !== 'count') return undefined;
  const shared = left.n === 1 && right.n === 1 ? sharedBy(left.a, right.a) : undefined;
  if (shared !== undefined && third.n === 1) return oneOfEachThree(random, shared, third.a);
  const isOfOne = shared !== undefined && Object.keys(shared.of).length > 0;
  return isOfOne ? bothListed(random, shared) : twoCountsAlone(random, left, right);
}

/** Says claims about several things as one list; undefined for other claims. */
export function listed(random: Random, { left, right }: Of<'and'>): string | undefined {
  if (left.type === 'and' && right.type === 'count') return threeListed(random, left, right);
  if (left.type === 'relation' && right.type === 'relation') return inOrder(random, left, right);
  if (left.type === 'count' && right.type === 'count') return countsListed(random, left, right);
  if (left.type !== 'count' || right.type !== 'quantified' || !isTally(left)) return undefined;
  if (right.property === left.a) return nothingElse(random, left);
  return right.except === left.a ? allButOneOf(random, left, right) : undefined;
}
