import { TOPICS, type Claim, type Meaning, type Premise, type Topic } from './claims.ts';
import { sayMeaning } from './language/say.ts';
import { answerOf } from './meaning.ts';
import type { Pair } from './pairs.ts';
import type { Random } from './random.ts';
import { COLOURS } from './scene.ts';
import { SHAPES } from './shapes.ts';

type Unknowable = Extract<Claim, { type: 'unknowable' }>;
type OfTopic = Extract<Premise, { type: 'topic' }>;
type Reveals = Extract<Premise, { type: 'reveals' }>;

const NAMES = Object.keys(TOPICS) as Topic[];

function innermost(claim: Claim): Unknowable | undefined {
  const inner = claim.type === 'not' ? claim.claim : claim;
  return inner.type === 'unknowable' ? inner : undefined;
}

/** One claim that the premise settles as true, one as false, and one that it leaves open, but for the one given. */
function aboutTopic(random: Random, premise: OfTopic, given: Unknowable): readonly Meaning[] {
  const { topic, value, a } = premise;
  const others = TOPICS[topic].map((_, at) => at).filter((at) => at !== value);
  const another = random.pick(NAMES.filter((name) => name !== topic));
  const claims: readonly Unknowable[] = [
    { type: 'unknowable', topic, value, a },
    { type: 'unknowable', topic, value: random.pick(others), a },
    { type: 'unknowable', topic: another, value: random.int(TOPICS[another].length), a },
  ];
  return claims
    .filter((claim) => claim.topic !== given.topic || claim.value !== given.value)
    .map((claim) => ({ premise, claim: random.chance(0.2) ? { type: 'not', claim } : claim }));
}

/** What the hidden thing is and what there is, as the premise says and otherwise, with the premise and without. */
function aboutHidden(random: Random, premise: Reveals): readonly Meaning[] {
  const { shape } = premise.property;
  const other = { shape: random.pick(SHAPES.filter((each) => each !== shape)) };
  const property = { ...(shape === undefined ? other : { shape }) };
  const is = (what: typeof property): Claim => ({ type: 'attribute', a: { hidden: true }, property: what });
  const exists = (what: typeof property): Claim => ({ type: 'exists', a: what });
  return [
    { premise, claim: is(property) },
    { premise, claim: is(other) },
    { premise, claim: exists(property) },
    { premise, claim: exists(other) },
    { claim: is(random.chance(0.5) ? property : other) },
    { claim: exists(property) },
  ];
}

/** What covering does not hide of the thing of which something hidden was claimed: its colour. */
function aboutColour(random: Random, { meaning: { claim }, scene }: Pair): readonly Meaning[] {
  const inner = claim.type === 'not' ? claim.claim : claim;
  const hidden = scene.things.find((thing) => thing.hidden);
  if (hidden === undefined || inner.type !== 'attribute' || inner.a.hidden !== true) return [];
  const other = random.pick(COLOURS.filter((colour) => colour !== hidden.colour));
  return [hidden.colour, other].map((colour) => ({ claim: { ...inner, property: { colour } } }));
}

/** The same two things compared otherwise. */
function aboutSizes(claim: Extract<Claim, { type: 'sizes' }>): readonly Meaning[] {
  const { a, b, op } = claim;
  const others = (['larger', 'smaller', 'same'] as const).filter((each) => each !== op);
  return [
    { claim: { ...claim, a: b, b: a } },
    ...others.map((other) => ({ claim: { ...claim, op: other } })),
  ];
}

/** Three things that stand in the order that was said, named in another. */
function aboutOrder(random: Random, { meaning: { claim }, answer }: Pair): readonly Meaning[] {
  if (answer !== 'yes' || claim.type !== 'and') return [];
  const { left, right } = claim;
  if (left.type !== 'relation' || right.type !== 'relation') return [];
  const [a, b, c] = [left.a, left.b, right.b];
  const [first, second, third] = random.pick([
    [b, a, c],
    [a, c, b],
    [c, b, a],
  ] as const);
  return [
    {
      claim: {
        type: 'and',
        left: { ...left, a: first, b: second },
        right: { ...right, a: second, b: third },
      },
    },
  ];
}

/** The opposite, and the same things the other way round. */
function aboutAlike(claim: Extract<Claim, { type: 'alike' }>): readonly Meaning[] {
  const { a, b } = claim;
  return [{ claim: { type: 'not', claim } }, { claim: { ...claim, a: b, b: a } }];
}

/**
 * Sentences that differ from a pair's in what decides their answer, about the same picture. Where a premise tells what no
 * picture shows: the same premise with other claims, and claims without it. Where something hidden is claimed: what
 * shows of the same thing. Where two things are compared: the same things the other way round.
 */
export function contrastsOf(random: Random, pair: Pair): readonly Pair[] {
  const { premise, claim } = pair.meaning;
  const given = innermost(claim);
  let meanings: readonly Meaning[] = [];
  if (premise?.type === 'topic' && given !== undefined) meanings = aboutTopic(random, premise, given);
  if (premise?.type === 'reveals') meanings = aboutHidden(random, premise);
  if (premise === undefined && claim.type === 'sizes') meanings = aboutSizes(claim);
  if (premise === undefined && claim.type === 'alike') meanings = aboutAlike(claim);
  if (premise === undefined && claim.type === 'and') meanings = aboutOrder(random, pair);
  if (pair.kind === 'undecidable') meanings = aboutColour(random, pair);
  return meanings.flatMap((meaning) => {
    const { scene, kind } = pair;
    const answer = answerOf(scene, meaning);
    return answer === undefined ? [] : [{ scene, kind, answer, meaning, ...sayMeaning(random, meaning) }];
  });
}
