import { TOPICS, type OutsideWord, type Topic } from './claims.ts';
import { COLOURS, SIZES } from './scene.ts';
import { SHAPES } from './shapes.ts';

/** Operators of a claim, apart from negation. 0 means none. */
export const OPERATORS = [
  'none',
  'exists',
  'exactly',
  'atLeast',
  'atMost',
  'attribute',
  'left',
  'right',
  'above',
  'below',
  'between',
  'more',
  'fewer',
  'equal',
  'all',
  'noneOf',
  'notAll',
  'both',
  'unknowable',
  'elsewhere',
  'untold',
] as const;
export type Operator = (typeof OPERATORS)[number];

export const TOPIC_VALUES = (Object.keys(TOPICS) as Topic[]).flatMap((topic) =>
  TOPICS[topic].map((_, value) => `${topic} ${value}`),
);

/** How a premise about something that no picture shows relates to the claim. */
export const TOPIC_RELATIONS = ['none', 'same value', 'another value', 'another topic'] as const;

/** The class of a colour or shape: 0 if it is not named, then those of the list, then words from outside the world. */
export function classOf(list: readonly string[], named: string | OutsideWord | undefined): number {
  if (named === undefined) return 0;
  return typeof named === 'object' ? list.length + 1 : list.indexOf(named) + 1;
}

/** The targets of the auxiliary losses for a sentence: the name of each column and its number of classes. */
export const PROGRAM = [
  ['combination', 4],
  ['negated', 2],
  ['secondNegated', 2],
  ['operator', OPERATORS.length],
  ['number', 9],
  ['definite', 2],
  ['secondDefinite', 2],
  ['secondOperator', OPERATORS.length],
  ['secondNumber', 9],
  ['colour', COLOURS.length + 2],
  ['shape', SHAPES.length + 2],
  ['size', SIZES.length + 1],
  ['hidden', 2],
  ['secondColour', COLOURS.length + 2],
  ['secondShape', SHAPES.length + 2],
  ['secondSize', SIZES.length + 1],
  ['propertyColour', COLOURS.length + 2],
  ['propertyShape', SHAPES.length + 2],
  ['propertySize', SIZES.length + 1],
  ['secondPropertyColour', COLOURS.length + 2],
  ['secondPropertyShape', SHAPES.length + 2],
  ['secondPropertySize', SIZES.length + 1],
  ['topic', TOPIC_VALUES.length + 1],
  ['premiseTopic', TOPIC_VALUES.length + 1],
  ['premiseShape', SHAPES.length + 1],
  ['topics', TOPIC_RELATIONS.length],
] as const satisfies readonly (readonly [string, number])[];
export type Column = (typeof PROGRAM)[number][0];
