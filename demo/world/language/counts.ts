import type { Claim, Phrase } from '../claims.ts';
import type { Random } from '../random.ts';
import { absence } from './existence.ts';
import { bare, isCompound, plural, predicate } from './noun-phrase.ts';
import { PICTURES, SEE, SHOWS, VISIBLE } from './style.ts';
import { colourWord, number, somewhere } from './words.ts';

/** "two red circles", "one star". */
function counted(random: Random, n: number, a: Phrase): string {
  return n === 1 ? `${number(random, 1)} ${bare(random, a, 'singular')}` : `${number(random, n)} ${plural(random, a)}`;
}

function placed(random: Random, things: string, one: boolean): string {
  const be = one ? 'is' : 'are';
  return random.pick([
    () => `there ${be} ${things}${somewhere(random)}`,
    () => `there ${be} ${things}${somewhere(random)}`,
    () => `${things} ${random.pick(VISIBLE)[one ? 0 : 1]}`,
    () => `${random.pick(SEE)[0]} ${things}${somewhere(random)}`,
    () => `${random.pick(PICTURES)} ${random.pick(SHOWS)[0]} ${things}`,
    () => `${random.pick(PICTURES)} ${random.pick(SHOWS)[0]} ${things}`,
    () => `${be} there ${things}${somewhere(random)}`,
    () => `i ${random.pick(['count', 'counted', 'see'])} ${things}`,
    () => `does ${random.pick(PICTURES)} ${random.pick(SHOWS)[1]} ${things}`,
    () => `it has ${things}`,
    () => things,
  ])();
}

/** "two of the stars are red". */
function partitive(random: Random, n: number, a: Phrase): string {
  const { colour, shape, size } = a;
  const of: Phrase = shape === undefined ? {} : { shape };
  const rest: Phrase = { ...(colour && { colour }), ...(size && { size }) };
  const is = n === 1 ? 'is' : 'are';
  const what = predicate(random, rest, n === 1 ? 'singular' : 'plural');
  const many = plural(random, of);
  const some = `${number(random, n)} ${bare(random, of, n === 1 ? 'singular' : 'plural')}`;
  return random.pick([
    () => `${random.pick(['exactly', 'just', 'only'])} ${some} ${is} ${what}`,
    () => `${number(random, n)} of the ${many} ${is} ${what}`,
    () => `exactly ${number(random, n)} of the ${many} ${is} ${what}`,
    () => `${number(random, n)} of these ${many} ${is} ${what}`,
    () => `of the ${many} ${number(random, n)} ${is} ${what}`,
    () => `among the ${many} there ${is} ${number(random, n)} that ${is} ${what}`,
    () =>
      `among the ${many} there ${is} exactly ${number(random, n)} ${bare(random, rest, n === 1 ? 'singular' : 'plural', true)}`,
  ])();
}

/** A number with its noun, as in a list. */
export const tally = (random: Random, n: number, a: Phrase): string =>
  n === 1 && random.chance(0.3) ? `a single ${bare(random, a, 'singular')}` : counted(random, n, a);

function exactly(random: Random, n: number, a: Phrase): string {
  const things = counted(random, n, a);
  const exact = random.pick(['exactly', 'exactly', 'precisely', 'just', 'only', 'a total of']);
  const forms = [
    () => placed(random, `${exact} ${things}`, n === 1),
    () => placed(random, `${exact} ${things}`, n === 1),
    () => `the number of ${plural(random, a)} is ${random.chance(0.3) ? 'exactly ' : ''}${number(random, n)}`,
    () =>
      `the number of ${plural(random, a)}${somewhere(random)} ${random.pick(['equals', 'is equal to'])} ${number(random, n)}`,
    () => `there ${n === 1 ? 'is' : 'are'} ${things} in total`,
    () => `${random.pick(['i count', 'you can count', 'we count'])} ${things}`,
  ];
  if (n >= 2) {
    forms.push(
      () => placed(random, things, false),
      () => placed(random, things, false),
    );
    forms.push(() => `the ${plural(random, a)} are ${number(random, n)} in number`);
  }
  if (n === 2)
    forms.push(() => placed(random, `${random.pick(['a pair of', 'a couple of'])} ${plural(random, a)}`, true));
  if (n === 1) {
    const one = bare(random, a, 'singular');
    forms.push(() =>
      placed(
        random,
        `${random.pick(['only one', 'just one', 'a single', 'only a single', 'exactly one', 'one and only one'])} ${one}`,
        true,
      ),
    );
    forms.push(() => `${random.pick(['only one', 'just one', 'exactly one'])} ${one} ${random.pick(VISIBLE)[0]}`);
  }
  if (n > 0 && a.shape !== undefined && isCompound(a)) forms.push(() => partitive(random, n, a));
  if (n > 0) {
    forms.push(
      () => placed(random, `${things} , no more and no ${random.pick(['less', 'fewer'])}`, n === 1),
      () => `${plural(random, a)} : ${number(random, n)}`,
    );
  }
  if (n > 0 && a.shape === undefined && a.size === undefined && a.colour !== undefined) {
    const colour = colourWord(random, a.colour);
    forms.push(
      () =>
        `exactly ${number(random, n)} of the ${random.pick(['objects', 'shapes', 'things'])} ${n === 1 ? 'is' : 'are'} ${colour}`,
    );
  }
  return random.pick(forms)();
}

function atLeast(random: Random, n: number, a: Phrase): string {
  const many = plural(random, a);
  const forms = [
    () => placed(random, `at least ${counted(random, n, a)}`, n === 1),
    () => placed(random, `at least ${counted(random, n, a)}`, n === 1),
    () => placed(random, `${number(random, n)} or more ${many}`, false),
    () =>
      placed(
        random,
        `${random.pick(['no fewer than', 'not fewer than', 'no less than', 'not less than', 'a minimum of'])} ${counted(random, n, a)}`,
        false,
      ),
    () => `the number of ${many} is ${random.pick(['at least', 'no less than'])} ${number(random, n)}`,
    () =>
      `the number of ${many} is ${random.pick(['greater than', 'larger than', 'more than', 'above'])} ${number(random, n - 1)}`,
    () => placed(random, `${random.pick(['more than', 'more than', 'over'])} ${counted(random, n - 1, a)}`, false),
    () => placed(random, `${random.pick(['more than', 'more than', 'over'])} ${counted(random, n - 1, a)}`, false),
  ];
  if (n === 2) {
    forms.push(() =>
      placed(
        random,
        `${random.pick(['several', 'multiple', 'some', 'a number of', 'more than one of the'])} ${many}`,
        false,
      ),
    );
    forms.push(() => placed(random, `more than one ${bare(random, a, 'singular')}`, true));
    // Someone who asks "are there stars?" would accept a single one.
    forms.push(() => `there are ${many}${somewhere(random)}`);
    forms.push(() => `${many} ${random.pick(VISIBLE)[1]}`);
  }
  return random.pick(forms)();
}

function atMost(random: Random, n: number, a: Phrase): string {
  if (n === 0) return absence(random, a);
  const many = plural(random, a);
  return random.pick([
    () => placed(random, `at most ${counted(random, n, a)}`, n === 1),
    () => placed(random, `at most ${counted(random, n, a)}`, n === 1),
    () => placed(random, `${number(random, n)} or ${random.pick(['fewer', 'less'])} ${many}`, false),
    () =>
      placed(
        random,
        `${random.pick(['no more than', 'not more than', 'a maximum of', 'up to'])} ${counted(random, n, a)}`,
        false,
      ),
    () => placed(random, `${random.pick(['fewer than', 'less than'])} ${counted(random, n + 1, a)}`, false),
    () => placed(random, `${random.pick(['fewer than', 'less than'])} ${counted(random, n + 1, a)}`, false),
    () => `there ${random.pick(['are not', "aren't"])} more than ${counted(random, n, a)}${somewhere(random)}`,
    () => `the number of ${many} is ${random.pick(['at most', 'no more than'])} ${number(random, n)}`,
    () => `the number of ${many} is ${random.pick(['less than', 'smaller than', 'below'])} ${number(random, n + 1)}`,
  ])();
}

/** "There are 0 stars." */
function none(random: Random, a: Phrase): string {
  const many = plural(random, a);
  const zero = number(random, 0);
  return random.pick([
    () => placed(random, `${zero} ${many}`, false),
    () => placed(random, `${zero} ${many}`, false),
    () => placed(random, `exactly ${zero} ${many}`, false),
    () => `the number of ${many}${somewhere(random)} ${random.pick(['is', 'equals'])} ${zero}`,
    () => `${many} : ${zero}`,
    () => `there are ${zero} ${many} in total`,
  ])();
}

/** "There are at least two stars." */
export function countClaim(random: Random, claim: Extract<Claim, { type: 'count' }>): string {
  const { a, n } = claim;
  switch (claim.op) {
    case 'exactly':
      if (n > 0) return exactly(random, n, a);
      return random.chance(0.5) ? none(random, a) : absence(random, a);
    case 'atLeast':
      return atLeast(random, n, a);
    case 'atMost':
      return atMost(random, n, a);
  }
}

/** "There are more stars than hearts." */
export function comparison(random: Random, claim: Extract<Claim, { type: 'compare' }>): string {
  const { op } = claim;
  const [more, fewer] = [`more`, random.pick(['fewer', 'fewer', 'less'])];
  const first = plural(random, claim.a);
  const second = plural(random, claim.b, claim.b.shape === undefined);
  const relation =
    op === 'equal'
      ? random.pick([
          `as many ${first} as ${second}`,
          `the same number of ${first} and ${second}`,
          `equally many ${first} and ${second}`,
          `an equal number of ${first} and ${second}`,
          `just as many ${first} as ${second}`,
          `exactly as many ${first} as ${second}`,
        ])
      : random.pick([
          `${op === 'more' ? more : fewer} ${first} than ${second}`,
          `${op === 'more' ? more : fewer} ${first} than ${second}`,
          `${op === 'more' ? more : fewer} ${first} than there are ${second}`,
          `a ${op === 'more' ? random.pick(['larger', 'greater', 'higher']) : random.pick(['smaller', 'lower'])} number of ${first} than ${second}`,
        ]);
  const than = {
    more: ['greater than', 'larger than', 'higher than', 'bigger than'],
    fewer: ['smaller than', 'less than', 'lower than'],
    equal: ['equal to', 'the same as'],
  }[op];
  const forms = [
    () => `there are ${relation}${somewhere(random)}`,
    () => `there are ${relation}${somewhere(random)}`,
    () => `there are ${relation}${somewhere(random)}`,
    () => `${random.pick(PICTURES)} ${random.pick(SHOWS)[0]} ${relation}`,
    () => `${random.pick(SEE)[0]} ${relation}${somewhere(random)}`,
    () => `are there ${relation}${somewhere(random)}`,
    () => `i ${random.pick(['count', 'see'])} ${relation}`,
    () => relation,
    () => `the number of ${first} is ${random.pick(than)} the number of ${second}`,
    () => `the number of ${first} is ${random.pick(than)} that of ${second}`,
  ];
  if (op === 'more')
    forms.push(
      () => `${first} outnumber ${second}`,
      () => `the ${first} outnumber the ${second}`,
    );
  if (op === 'fewer') forms.push(() => `${first} are outnumbered by ${second}`);
  if (op !== 'equal') {
    const most = op === 'more' ? ['more numerous', 'more common'] : ['less numerous', 'rarer', 'less common'];
    forms.push(() => `${first} are ${random.pick(most)} than ${second}`);
  }
  return random.pick(forms)();
}
