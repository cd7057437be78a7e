import { TOPICS, type Topic } from './claims.ts';
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
] as const;
export type Operator = (typeof OPERATORS)[number];

export const TOPIC_VALUES = (Object.keys(TOPICS) as Topic[]).flatMap((topic) =>
  TOPICS[topic].map((_, value) => `${topic} ${value}`),
);

/** How a premise about something that no picture shows relates to the claim. */
export const TOPIC_RELATIONS = ['none', 'same value', 'another value', 'another topic'] as const;

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
  ['colour', COLOURS.length + 1],
  ['shape', SHAPES.length + 1],
  ['size', SIZES.length + 1],
  ['hidden', 2],
  ['secondColour', COLOURS.length + 1],
  ['secondShape', SHAPES.length + 1],
  ['secondSize', SIZES.length + 1],
  ['propertyColour', COLOURS.length + 1],
  ['propertyShape', SHAPES.length + 1],
  ['propertySize', SIZES.length + 1],
  ['secondPropertyColour', COLOURS.length + 1],
  ['secondPropertyShape', SHAPES.length + 1],
  ['secondPropertySize', SIZES.length + 1],
  ['topic', TOPIC_VALUES.length + 1],
  ['premiseTopic', TOPIC_VALUES.length + 1],
  ['premiseShape', SHAPES.length + 1],
  ['topics', TOPIC_RELATIONS.length],
] as const satisfies readonly (readonly [string, number])[];
export type Column = (typeof PROGRAM)[number][0];
