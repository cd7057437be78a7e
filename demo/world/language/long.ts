import type { Claim } from '../claims.ts';
import type { Random } from '../random.ts';
import { presence } from './existence.ts';
import { tally } from './counts.ts';
import { definite, indefinite } from './noun-phrase.ts';
import { placeOf, whereOf } from './relations.ts';
import { sayPart } from './say.ts';
import { written } from './style.ts';

/** Adverbs that may begin a claim that follows others. */
const ALSO = ['', '', '', '', 'also ', 'moreover ', 'besides ', 'in addition '] as const;

/** Joins texts into one sentence, or two. */
function joined(random: Random, texts: readonly string[]): string {
  const [last = '', ...before] = [...texts].reverse();
  const first = before.reverse();
  const also = random.pick(ALSO);
  return random.pick([
    () => `${first.join(' , ')} and ${last}`,
    () => `${first.join(' , ')} , and ${also}${last}`,
    () => `${first.join(' , ')} , and ${also}${last}`,
    () => texts.join(' and '),
    () => texts.join(' , and '),
    () => texts.join(' ; '),
    () => texts.join(' , '),
    () => `${first.join(' , ')} , ${random.pick(['while', 'whereas', 'but', 'and also'])} ${last}`,
    () =>
      [texts[0], ...texts.slice(1).map((text) => `${random.pick(['and', 'while', ', and', ', but'])} ${text}`)].join(
        ' ',
      ),
    () => texts.join(' . '),
    () => `${first.join(' , ')} . ${also.trim() === '' ? '' : `${also.trim()} , `}${last}`,
  ])();
}

/** A claim that something is there as an item of a list: "two stars", "a red star on the left". */
function itemOf(random: Random, claim: Claim): string | undefined {
  if (claim.type === 'exists') return indefinite(random, claim.a);
  if (claim.type === 'count' && claim.op === 'exactly' && claim.n > 0) return tally(random, claim.n, claim.a);
  if (claim.type === 'zone' && !claim.definite) return `${indefinite(random, claim.a)} ${placeOf(random, claim.zone)}`;
  if (claim.type === 'relation' && !claim.aDefinite && claim.bDefinite) {
    return `${indefinite(random, claim.a)} ${whereOf(random, claim.relation)} ${definite(random, claim.b, true)}`;
  }
  return undefined;
}

/** Stands for the end of a claim until the whole sentence is made. */
const END = '\u0001';

export interface LongSentence {
  readonly text: string;
  /** For each claim, how many characters precede its end. */
  readonly ends: readonly number[];
}

/** Says claims that all hold as one long sentence: those that can be items of a list as such, or each in full. */
export function longSentence(random: Random, claims: readonly Claim[]): LongSentence {
  const asItems = random.chance(0.7);
  const texts: string[] = [];
  let items: string[] = [];
  const close = (): void => {
    if (items.length > 0) texts.push(stating(random, items));
    items = [];
  };
  for (const claim of claims) {
    const item = asItems ? itemOf(random, claim) : undefined;
    if (item === undefined) {
      close();
      texts.push(`${partOf(random, claim)} ${END}`);
    } else items.push(`${item} ${END}`);
  }
  close();
  return withoutEnds(written(random, texts.length === 1 ? (texts[0] ?? '') : joined(random, texts)));
}

function withoutEnds(marked: string): LongSentence {
  const [first = '', ...others] = marked.split(` ${END}`);
  let text = first;
  const ends: number[] = [];
  for (const other of others) {
    ends.push(text.length);
    text += other;
  }
  return { text, ends };
}

/** Attempts to say a claim without "it is not true that", after which it would be unclear where the denial ends. */
const TRIES = 20;

function partOf(random: Random, claim: Claim): string {
  let text = sayPart(random, claim);
  for (let attempt = 1; attempt < TRIES && /^it\b.* that /.test(text); attempt++) text = sayPart(random, claim);
  return text;
}

/** "The picture shows a star and two hearts", never as a question. */
function stating(random: Random, items: readonly string[]): string {
  for (;;) {
    const text = presence(random, listOf(random, items), items.length > 1 && random.chance(0.6) ? 1 : 0);
    if (!/^(is|are|does|do|can) /.test(text)) return text;
  }
}

function listOf(random: Random, items: readonly string[]): string {
  const last = items[items.length - 1] ?? '';
  if (items.length === 1) return last;
  const first = items.slice(0, -1).join(' , ');
  return random.pick([
    `${first} and ${last}`,
    `${first} , and ${last}`,
    `${first} as well as ${last}`,
    items.join(' and '),
  ]);
}
