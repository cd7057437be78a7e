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

/** Claims that the premise makes true, false or leaves open, one of each, without the given one. */
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

/** Claims about the hidden thing that agree or disagree with the premise, with the premise and without it. */
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

/** A claim about the colour of a hidden thing, which covering does not hide. */
function aboutColour(random: Random, { meaning: { claim }, scene }: Pair): readonly Meaning[] {
  const inner = claim.type === 'not' ? claim.claim : claim;
  const hidden = scene.things.find((thing) => thing.hidden);
  if (hidden === undefined || inner.type !== 'attribute' || inner.a.hidden !== true) return [];
  const other = random.pick(COLOURS.filter((colour) => colour !== hidden.colour));
  return [hidden.colour, other].map((colour) => ({ claim: { ...inner, property: { colour } } }));
}

/** Another comparison of the same two things. */
function aboutSizes(claim: Extract<Claim, { type: 'sizes' }>): readonly Meaning[] {
  const { a, b, op } = claim;
  const others = (['larger', 'smaller', 'same'] as const).filter((each) => each !== op);
  return [{ claim: { ...claim, a: b, b: a } }, ...others.map((other) => ({ claim: { ...claim, op: other } }))];
}

/** The same three things, named in another order. */
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

/** The opposite relation, and the same relation with the things swapped. */
function aboutAlike(claim: Extract<Claim, { type: 'alike' }>): readonly Meaning[] {
  const { a, b } = claim;
  return [{ claim: { type: 'not', claim } }, { claim: { ...claim, a: b, b: a } }];
}

/**
 * Sentences about the same picture that differ from a pair's only in what decides the answer. If a premise states
 * something that no picture shows: the same premise with other claims, and claims without it. If the claim is about
 * something hidden: claims about the visible part of the same thing. If two things are compared: the same things
 * swapped.
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
