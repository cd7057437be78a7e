import { expect, it } from 'vitest';
import { paddedLength } from '../../../model/package/padded-length.ts';

it.each([
  [1, 16],
  [15, 16],
  [16, 16],
  [17, 24],
  [24, 24],
])('%i tokens are padded to %i', (tokens, length) => {
  expect(paddedLength([16, 24], tokens)).toBe(length);
});

it('more tokens than the model takes are refused', () => {
  expect(() => paddedLength([16, 24], 25)).toThrow(new RangeError("25 tokens are more than the model's 24"));
});
