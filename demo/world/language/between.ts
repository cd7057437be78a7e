import type { Claim } from '../claims.ts';
import type { Random } from '../random.ts';
import { isSamePhrase } from '../whole.ts';
import { bare, definite, plural } from './noun-phrase.ts';
import { IS } from './relations.ts';
import { withArticle } from './words.ts';

const BETWEEN = [
  'between',
  'between',
  'between',
  'in between',
  'in the middle between',
  'somewhere between',
  'right between',
  'sandwiched between',
  'placed between',
] as const;

type Between = Extract<Claim, { type: 'between' }>;

/** "The star is between the two circles". */
function betweenTwo(random: Random, claim: Between): string {
  const [a, between] = [definite(random, claim.a, true), random.pick(BETWEEN)];
  const many = plural(random, claim.b);
  const two = random.pick([`the two ${many}`, `the two ${many}`, `two ${many}`, `both ${many}`]);
  return random.pick([
    `${a} ${random.pick(IS)} ${between} ${two}`,
    `${a} ${random.pick(IS)} ${between} ${two}`,
    `${between} ${two} ${random.pick(['is', 'there is', 'lies', 'you can see', "there's"])} ${a}`,
    `is ${a} ${between} ${two}`,
    `the two ${many} have ${a} between them`,
    `${a} has ${withArticle(bare(random, claim.b, 'singular'))} on either side`,
    `${a} separates ${two}`,
  ]);
}

/** "The star is between the circle and the heart." */
export function betweenClaim(random: Random, claim: Between): string {
  const [a, b, c] = [claim.a, claim.b, claim.c].map((phrase) => definite(random, phrase, true)) as [
    string,
    string,
    string,
  ];
  const between = random.pick(BETWEEN);
  if (isSamePhrase(claim.b, claim.c)) return betweenTwo(random, claim);
  return random.pick([
    `${a} ${random.pick(IS)} ${between} ${b} and ${c}`,
    `${a} ${random.pick(IS)} ${between} ${b} and ${c}`,
    `${between} ${b} and ${c} ${random.pick(['is', 'there is', 'lies', 'you can see'])} ${a}`,
    `is ${a} ${between} ${b} and ${c}`,
    `${b} and ${c} have ${a} between them`,
    `${b} is on one side of ${a} and ${c} is on the other side`,
    `${a} has ${b} on one side and ${c} on the other`,
    `${a} separates ${b} from ${c}`,
    `on the way from ${b} to ${c} there is ${a}`,
    `${between} ${b} and ${c} ${random.pick(["there's", 'sits', 'we find'])} ${a}`,
  ]);
}
