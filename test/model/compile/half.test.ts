import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { halfToNumber, toHalf } from '../../../model/compile/half.ts';

const finiteHalf = fc.integer({ min: 0, max: 0xffff }).filter((bits) => (bits & 0x7c00) !== 0x7c00);

const rounded = (value: number): number => halfToNumber(toHalf(Float32Array.of(value), 'w')[0] ?? NaN);

describe('half precision', () => {
  test('every finite binary16 number is unchanged', () => {
    for (let bits = 0; bits < 0x10000; bits++) {
      if ((bits & 0x7c00) === 0x7c00) continue;
      expect(toHalf(Float32Array.of(halfToNumber(bits)), 'w')[0]).toBe(bits);
    }
  });

  test('rounds to the nearest, ties to the even significand', () => {
    fc.assert(
      fc.property(fc.float({ min: -65504, max: 65504, noNaN: true }), (value) => {
        const bits = toHalf(Float32Array.of(value), 'w')[0] ?? 0;
        const error = Math.abs(halfToNumber(bits) - value);
        for (const neighbour of [bits - 1, bits + 1]) {
          if (neighbour < 0 || (neighbour & 0x7c00) === 0x7c00 || (neighbour ^ bits) & 0x8000) continue;
          const other = Math.abs(halfToNumber(neighbour) - value);
          expect(error <= other).toBe(true);
          if (error === other) expect(bits & 1).toBe(0);
        }
      }),
    );
  });

  test.each([
    [65504, 65504],
    [65519.99, 65504],
    [2 ** -24, 2 ** -24],
    [2 ** -25, 0],
    [2 ** -25 * 1.0001, 2 ** -24],
    [2 ** -14 - 2 ** -26, 2 ** -14],
    [-0, -0],
  ])('%f becomes %f', (value, expected) => {
    expect(rounded(value)).toBe(expected);
  });

  test('rounding is monotonic', () => {
    fc.assert(
      fc.property(finiteHalf, finiteHalf, (a, b) => {
        const [x, y] = [halfToNumber(a), halfToNumber(b)];
        expect(rounded(Math.min(x, y))).toBeLessThanOrEqual(rounded(Math.max(x, y)));
      }),
    );
  });

  test.each([65520, -1e6, Infinity, NaN])('a weight of %f is an error with its name', (value) => {
    expect(() => toHalf(Float32Array.of(1, value), 'encoder.layers.0.fc1.weight')).toThrow(
      /^encoder\.layers\.0\.fc1\.weight holds .* float16 cannot represent: compile with --precision fp32\.$/,
    );
  });
});
