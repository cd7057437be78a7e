import type { Claim, Meaning, Phrase } from './claims.ts';
import { hasProperty, judge, liesBetween, liesIn, stands } from './meaning.ts';
import { OPERATORS, PROGRAM, classOf, TOPIC_RELATIONS, TOPIC_VALUES, type Column, type Operator } from './program.ts';
import { COLOURS, MAX_THINGS, SIZES, type Scene } from './scene.ts';
import { SHAPES } from './shapes.ts';
import { completions, fitsPhrase, type Whole } from './whole.ts';

type TopicRelation = (typeof TOPIC_RELATIONS)[number];

function topicRelation({ premise, claim }: Meaning): TopicRelation {
  const inner = claim.type === 'not' ? claim.claim : claim;
  if (premise?.type !== 'topic' || inner.type !== 'unknowable') return 'none';
  if (inner.topic !== premise.topic) return 'another topic';
  return inner.value === premise.value ? 'same value' : 'another value';
}

/** A set of things that a sentence is about, as bit masks: bit i is thing i. Both are -1 if there is no such set. */
interface ThingSet {
  readonly certain: number;
  readonly possible: number;
}

export interface Targets {
  readonly program: readonly number[];
  /**
   * Four: those of the first and the second phrase; those of the first phrase that have its property (or are in its
   * place, or are large, or all things of its colour); the same for the second (or the set of a third phrase).
   */
  readonly sets: readonly ThingSet[];
  /** Truth of the claim's first and second part as an index into ANSWERS, -1 if there is no such part. */
  readonly parts: readonly [number, number];
}

type Pick = (world: readonly Whole[]) => readonly Whole[];

function thingSet(scene: Scene, pick: Pick | undefined): ThingSet {
  if (pick === undefined) return { certain: -1, possible: -1 };
  let [certain, possible] = [0x7f, 0];
  for (const world of completions(scene)) {
    const mask = pick(world).reduce((bits, thing) => bits | (1 << thing.index), 0);
    certain &= mask;
    possible |= mask;
  }
  return { certain, possible };
}

const fitting =
  (phrase: Phrase): Pick =>
  (world) =>
    world.filter((thing) => fitsPhrase(thing, phrase));

const withProperty =
  (claim: Extract<Claim, { property: Phrase }>): Pick =>
  (world) =>
    fitting(claim.a)(world).filter((thing) => hasProperty(thing, claim));

/** Things between a match of the second phrase and one of the third. */
const between =
  ({ a, b, c }: Extract<Claim, { type: 'between' }>): Pick =>
  (world) =>
    fitting(a)(world).filter((thing) =>
      fitting(b)(world).some((one) => fitting(c)(world).some((other) => liesBetween(thing, one, other) === 'yes')),
    );

/** All things that have the same colour, or shape, as a match of the phrase. */
const likeSome =
  (by: 'colour' | 'shape', phrase: Phrase): Pick =>
  (world) => {
    const values = new Set(fitting(phrase)(world).map((thing) => thing[by]));
    return world.filter((thing) => values.has(thing[by]));
  };

type Simple = Extract<Claim, { a: Phrase }>;

function simple(claim: Claim): { claim: Simple; negated: boolean } | undefined {
  if (claim.type === 'not') {
    const inner = simple(claim.claim);
    return inner && { claim: inner.claim, negated: !inner.negated };
  }
  return 'a' in claim ? { claim, negated: false } : undefined;
}

const INVERSE = { left: 'right', right: 'left', above: 'below', below: 'above' } as const;

const QUANTIFIER = {
  all: 'all',
  none: 'noneOf',
  notAll: 'notAll',
  both: 'both',
  allButOne: 'notAll',
  'some but not all': 'notAll',
} as const;
const NUMBER_OF_QUANTIFIER: Partial<Record<keyof typeof QUANTIFIER, number>> = {
  allButOne: 1,
  'some but not all': 2,
};
/** Comparisons of colours or shapes have the columns of comparisons of sizes, except for these. */
const BY = {
  colour: { definite: 1, secondDefinite: 0 },
  shape: { definite: 0, secondDefinite: 1 },
} as const;
/** A zone of the picture is encoded as the most similar relation. */
const ZONE = { left: 'left', right: 'right', top: 'above', bottom: 'below', middle: 'between' } as const;

function operator(claim: Simple): Operator {
  switch (claim.type) {
    case 'count':
    case 'compare':
      return claim.op;
    case 'quantified':
      return QUANTIFIER[claim.quantity];
    case 'zone':
      return ZONE[claim.zone];
    case 'sizes':
      return { larger: 'more', smaller: 'fewer', same: 'equal' }[claim.op] as Operator;
    case 'alike':
      return 'equal';
    case 'relation':
      return claim.inverted ? INVERSE[claim.relation] : claim.relation;
    default:
      return claim.type;
  }
}

interface Draft {
  readonly columns: Partial<Record<Column, number>>;
  readonly sets: (Pick | undefined)[];
}

function phraseColumns(phrase: Phrase, prefix: '' | 'second' | 'property' | 'secondProperty'): Draft['columns'] {
  const name = (word: string): Column => (prefix === '' ? word.toLowerCase() : `${prefix}${word}`) as Column;
  return {
    [name('Colour')]: classOf(COLOURS, phrase.colour),
    [name('Shape')]: classOf(SHAPES, phrase.shape),
    [name('Size')]: phrase.size === undefined ? 0 : SIZES.indexOf(phrase.size) + 1,
  };
}

function addSimple(draft: Draft, claim: Simple, second: boolean): void {
  const { columns, sets } = draft;
  const at = second ? 1 : 0;
  columns[second ? 'secondOperator' : 'operator'] = OPERATORS.indexOf(operator(claim));
  const inverted = claim.type === 'relation' && claim.inverted;
  const [a, b] = inverted ? [claim.b, claim.a] : [claim.a, 'b' in claim ? claim.b : undefined];
  Object.assign(columns, phraseColumns(a, second ? 'second' : ''));
  if (a.hidden) columns.hidden = 1;
  sets[at] = fitting(a);
  if (b !== undefined) {
    Object.assign(columns, phraseColumns(b, 'second'));
    sets[1] = fitting(b);
  }
  if (claim.type === 'count') columns[second ? 'secondNumber' : 'number'] = Math.min(claim.n, MAX_THINGS) + 1;
  if (claim.type === 'attribute' || claim.type === 'quantified') {
    Object.assign(columns, phraseColumns(claim.property, second ? 'secondProperty' : 'property'));
    sets[2 + at] = withProperty(claim);
    if (claim.other !== undefined) Object.assign(columns, phraseColumns(claim.other, 'secondProperty'));
    if (claim.type === 'quantified' && claim.except !== undefined) {
      Object.assign(columns, phraseColumns(claim.except, 'second'));
      sets[1] = fitting(claim.except);
    }
  }
  if (claim.type === 'between') {
    sets[2] = between(claim);
    sets[3] = fitting(claim.c);
  }
  if (claim.type === 'zone') {
    sets[2] = (world) => fitting(a)(world).filter((thing) => liesIn(thing, claim.zone) === 'yes');
  }
  // "Larger" is encoded as "more", and "all but one" as "not all". These columns distinguish them.
  if (claim.type === 'sizes') {
    Object.assign(columns, { definite: 1, secondDefinite: 1 });
    sets[2] = fitting({ ...claim.a, size: 'large' });
    sets[3] = fitting({ ...claim.b, size: 'large' });
  }
  if (claim.type === 'alike') {
    Object.assign(columns, BY[claim.by]);
    sets[2] = likeSome(claim.by, claim.a);
    sets[3] = likeSome(claim.by, claim.b);
  }
  if (claim.type === 'quantified') columns.number = NUMBER_OF_QUANTIFIER[claim.quantity] ?? 0;
  if (claim.type === 'unknowable') columns.topic = TOPIC_VALUES.indexOf(`${claim.topic} ${claim.value}`) + 1;
  if (claim.type === 'relation') {
    columns.definite = Number(inverted ? claim.bDefinite : claim.aDefinite);
    columns.secondDefinite = Number(inverted ? claim.aDefinite : claim.bDefinite);
    const relation = inverted ? INVERSE[claim.relation] : claim.relation;
    sets[2] = (world) => {
      const others = b === undefined ? [] : fitting(b)(world);
      return fitting(a)(world).filter((thing) => others.some((other) => stands(thing, relation, other) === 'yes'));
    };
  }
}

type And = Extract<Claim, { type: 'and' }>;

/** Whether two claims are followed by one that counts the things in both, or names a third thing. */
const isTotalled = (claim: Claim): claim is And & { left: And; right: Extract<Claim, { type: 'count' }> } =>
  claim.type === 'and' && claim.left.type === 'and' && claim.right.type === 'count';

/** A total counts all things ("and nothing else") or what both have in common ("two stars: ..."). 1 is not a total. */
function addTotal({ columns }: Draft, { a, n }: Extract<Claim, { type: 'count' }>): void {
  const isOfAll = Object.keys(a).length === 0;
  Object.assign(columns, { definite: Number(isOfAll || n === 1), secondDefinite: Number(!isOfAll) });
  if (n === 1) Object.assign(columns, phraseColumns(a, 'property'));
}

function truthOf(scene: Scene, claim: Claim): number {
  const verdicts = completions(scene).map((world) => judge(world, claim));
  if (verdicts.includes(undefined)) return -1;
  const same = verdicts.every((verdict) => verdict === verdicts[0]);
  return ['yes', 'no', 'maybe'].indexOf(same ? (verdicts[0] ?? 'maybe') : 'maybe');
}

/** The targets of the auxiliary losses for a sentence about a scene. */
export function targetsOf(scene: Scene, meaning: Meaning): Targets {
  const { premise, claim } = meaning;
  const draft: Draft = { columns: {}, sets: [undefined, undefined, undefined, undefined] };
  let parts: [number, number] = [-1, -1];
  if (claim.type === 'and' || claim.type === 'or' || claim.type === 'neither') {
    draft.columns.combination = { and: 1, or: 2, neither: 3 }[claim.type];
    const [one, other] = isTotalled(claim) ? [claim.left.left, claim.left.right] : [claim.left, claim.right];
    // Of a long sentence, the second claim stands for all that follow it, but for their truth.
    const [left, right] = [simple(one), simple(other.type === 'and' ? other.left : other)];
    if (left !== undefined) addSimple(draft, left.claim, false);
    if (right !== undefined) addSimple(draft, right.claim, true);
    draft.columns.negated = Number(left?.negated);
    draft.columns.secondNegated = Number(right?.negated);
    if (isTotalled(claim)) addTotal(draft, claim.right);
    parts = [truthOf(scene, one), truthOf(scene, other)];
  } else {
    const only = simple(claim);
    if (only !== undefined) {
      addSimple(draft, only.claim, false);
      draft.columns.negated = Number(only.negated);
      parts = [truthOf(scene, only.claim), -1];
    }
  }
  draft.columns.topics = TOPIC_RELATIONS.indexOf(topicRelation(meaning));
  if (premise?.type === 'topic') {
    draft.columns.premiseTopic = TOPIC_VALUES.indexOf(`${premise.topic} ${premise.value}`) + 1;
  }
  if (premise?.type === 'reveals' && premise.property.shape !== undefined) {
    draft.columns.premiseShape = classOf(SHAPES, premise.property.shape);
  }
  return {
    program: PROGRAM.map(([name]) => draft.columns[name] ?? 0),
    sets: draft.sets.map((pick) => thingSet(scene, pick)),
    parts,
  };
}

/** Columns of the program that a claim of a long sentence has by itself. */
const CLAIM_COLUMNS = [
  'operator',
  'negated',
  'number',
  ...(['colour', 'shape', 'size', 'secondColour', 'secondShape', 'secondSize'] as const),
  ...(['propertyColour', 'propertyShape', 'propertySize'] as const),
] as const satisfies readonly Column[];

/** Sets of things of a claim: of its first phrase, of its second, and of the first those that it is true of. */
const CLAIM_SETS = 3;

/** Number of targets of a claim. */
export const CLAIM_TARGETS = CLAIM_COLUMNS.length + CLAIM_SETS + 1;

/**
 * The targets of one claim, for the last token of its text: CLAIM_COLUMNS of its program; its CLAIM_SETS as bit masks of
 * the things that are certainly in them (-1 if there is no such set); its truth as an index into ANSWERS.
 *
 * @returns undefined if the claim is a combination of others
 */
export function claimTargets(scene: Scene, claim: Claim): readonly number[] | undefined {
  const inner = simple(claim);
  if (inner === undefined) return undefined;
  const draft: Draft = { columns: { negated: Number(inner.negated) }, sets: [] };
  addSimple(draft, inner.claim, false);
  const sets = Array.from({ length: CLAIM_SETS }, (_, at) => thingSet(scene, draft.sets[at]).certain);
  return [...CLAIM_COLUMNS.map((name) => draft.columns[name] ?? 0), ...sets, truthOf(scene, claim)];
}
