import { expect, it } from 'vitest';
import { selectByName } from '../../testing/selection.ts';

const NAMES = ['openapi-generator, java', 'openapi-generator, go', 'orval'];

it('selects by parts of names, and all without arguments', () => {
  expect(selectByName([], NAMES)).toEqual(NAMES);
  expect(selectByName(['java', 'orval'], NAMES)).toEqual(['openapi-generator, java', 'orval']);
});

it('refuses an argument that selects nothing, even beside one that does', () => {
  const sentence = '"jva" is part of no name; there are: openapi-generator, java; openapi-generator, go; orval.';
  expect(() => selectByName(['orval', 'jva'], NAMES)).toThrow(sentence);
});
