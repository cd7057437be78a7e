import type { Claim, Phrase } from '../claims.ts';
import type { Random } from '../random.ts';
import { absence, existence, presence } from './existence.ts';
import { listed } from './lists.ts';
import { bare, indefinite, plural, predicate } from './noun-phrase.ts';
import { PICTURES, SEE, SHOWS } from './style.ts';
import { somewhere } from './words.ts';

type Of<T extends Claim['type']> = Extract<Claim, { type: T }>;
/** Says a claim without conjunctions. */
type Say = (claim: Claim) => string;

function bothThere(random: Random, a: Phrase, b: Phrase): string {
  const [first, second] = [indefinite(random, a), indefinite(random, b)];
  return random.pick([
    () => presence(random, `${first} and ${second}`),
    () => presence(random, `${first} and ${second}`),
    () => presence(random, `${first} and ${second}`),
    () => presence(random, `both ${first} and ${second}`),
    () => presence(random, `${first} as well as ${second}`),
    () => presence(random, `${first} and also ${second}`),
    () => presence(random, `${first} together with ${second}`),
    () => presence(random, `not only ${first} but also ${second}`),
    () => `${first} and ${second} are both ${random.pick(['there', 'visible', 'present', 'in the picture', 'shown'])}`,
    () => `besides ${first} there is ${second}`,
    () => `there is ${first} and there is ${second}`,
    () => `there is ${first} , and there is also ${second}`,
    () => `${first} is there , and so is ${second}`,
    () => `there is ${first}${somewhere(random)} and ${second} too`,
  ])();
}

function oneWithout(random: Random, a: Phrase, b: Phrase): string {
  const first = indefinite(random, a);
  const no = random.chance(0.5) ? bare(random, b, 'singular') : plural(random, b);
  return random.pick([
    () => presence(random, `${first} but no ${no}`),
    () => presence(random, `${first} but no ${no}`),
    () => presence(random, `${first} and no ${no}`),
    () => presence(random, `${first} but not ${indefinite(random, b)}`),
    () => presence(random, `${first} without ${indefinite(random, b)}`),
    () => `${existence(random, a)} but ${absence(random, b)}`,
    () => `${existence(random, a)} and ${absence(random, b)}`,
  ])();
}

/** "There is one star, and it is left of the heart". */
function oneThere(random: Random, { a }: Of<'count'>, right: Claim, say: Say): string {
  const it = say(right).replace(/^(the|that) .*? (is|lies|sits|stands|can|appears) /, 'it $2 ');
  const one = bare(random, a, 'singular');
  return random.pick([
    `there is one ${one} and ${it}`,
    `there is just one ${one} , and ${it}`,
    `there's exactly one ${one} and ${it}`,
    `there is only one ${one} ; ${it}`,
  ]);
}

/** "The only square is red". */
function onlyOne(random: Random, { a }: Of<'count'>, { property }: Of<'attribute'>): string {
  const [one, is] = [bare(random, a, 'singular'), predicate(random, property)];
  return random.pick([
    `the only ${one} is ${is}`,
    `the only ${one}${somewhere(random)} is ${is}`,
    `the single ${one} is ${is}`,
    `there is only one ${one} , and it is ${is}`,
    `there is just one ${one} and it is ${is}`,
    `there is exactly one ${one} and that one is ${is}`,
    `a lone ${one} , and it's ${is}`,
    `a single ${one} is there , a ${is} one`,
  ]);
}

/** "There is a circle and a star", "the star is red and there are two hearts". */
export function andClaim(random: Random, claim: Of<'and'>, say: Say): string {
  const list = listed(random, claim);
  if (list !== undefined) return list;
  const { left, right } = claim;
  if (left.type === 'count' && right.type === 'relation' && left.n === 1 && left.a === right.a) {
    return oneThere(random, left, right, say);
  }
  if (left.type === 'count' && right.type === 'attribute' && left.n === 1 && left.a === right.a) {
    return onlyOne(random, left, right);
  }
  if (left.type === 'exists' && right.type === 'exists') return bothThere(random, left.a, right.a);
  if (left.type === 'exists' && right.type === 'not' && right.claim.type === 'exists') {
    return oneWithout(random, left.a, right.claim.a);
  }
  const [first, second] = [say(left), say(right)];
  return random.pick([
    `${first} and ${second}`,
    `${first} and ${second}`,
    `${first} and ${second}`,
    `${first} , and ${second}`,
    `both are true: ${first} and ${second}`,
    `${first} while ${second}`,
    `${first} and also ${second}`,
  ]);
}

/** "There is a circle or a star" (or both). */
export function orClaim(random: Random, { left, right }: Of<'or'>, say: Say): string {
  if (left.type === 'exists' && right.type === 'exists' && random.chance(0.85)) {
    const [first, second] = [indefinite(random, left.a), indefinite(random, right.a)];
    return random.pick([
      () => presence(random, `${first} or ${second}`),
      () => presence(random, `${first} or ${second}`),
      () => presence(random, `${first} or ${second}`),
      () => presence(random, `either ${first} or ${second}`),
      () => presence(random, `either ${first} or ${second}`),
      () => presence(random, `${first} or else ${second}`),
      () => presence(random, `${first} or ${second} or both`),
      () => `there is at least one of these: ${first} or ${second}`,
      () => `${random.pick(PICTURES)} ${random.pick(SHOWS)[0]} ${first} or at least ${second}`,
    ])();
  }
  const [first, second] = [say(left), say(right)];
  return random.pick([
    `${first} or ${second}`,
    `${first} or ${second}`,
    `either ${first} or ${second}`,
    `${first} , or ${second}`,
    `at least one is true: ${first} or ${second}`,
  ]);
}

/** "There is neither a circle nor a star." */
export function neitherClaim(random: Random, { left, right }: Of<'neither'>): string {
  const phrases = [left, right].map((claim) => ('a' in claim ? claim.a : {}));
  const [a = {}, b = {}] = phrases;
  const [first, second] = [indefinite(random, a), indefinite(random, b)];
  const [, show] = random.pick(SHOWS);
  return random.pick([
    () => presence(random, `neither ${first} nor ${second}`),
    () => presence(random, `neither ${first} nor ${second}`),
    () => presence(random, `neither ${plural(random, a)} nor ${plural(random, b)}`, 1),
    () => `there is no ${bare(random, a, 'singular')} and no ${bare(random, b, 'singular')}`,
    () => `there are no ${plural(random, a)} or ${plural(random, b)}${somewhere(random)}`,
    () => `there is no ${bare(random, a, 'singular')} or ${bare(random, b, 'singular')}`,
    () => `${random.pick(PICTURES)} does not ${show} ${first} or ${second}`,
    () => `${random.pick(SEE)[1]} ${first} or ${second}`,
    () => `${absence(random, a)} and ${absence(random, b)}`,
    () => `no ${plural(random, a)} , no ${plural(random, b)}`,
    () => `not a single ${bare(random, a, 'singular')} or ${bare(random, b, 'singular')}${somewhere(random)}`,
  ])();
}
