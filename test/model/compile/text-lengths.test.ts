import fc from 'fast-check';
import { expect, test } from 'vitest';
import { textLengths } from '../../../model/compile/text-lengths.ts';

test('OFA-large at 480 pixels and 80 tokens', () => {
  expect(textLengths(900, 82)).toEqual([12, 20, 28, 36, 52, 68, 84]);
});

test('every sequence length is a multiple of 8, and the last text length is the smallest that fits the longest text', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1764 }), fc.integer({ min: 3, max: 1024 }), (positions, longest) => {
      const lengths = textLengths(positions, longest);
      for (const length of lengths) expect((positions + length) % 8).toBe(0);
      expect(lengths).toEqual([...new Set(lengths)].sort((a, b) => a - b));
      const last = lengths.at(-1) ?? 0;
      expect(last).toBeGreaterThanOrEqual(longest);
      if (lengths.length > 1) expect(last - longest).toBeLessThan(8);
    }),
  );
});
