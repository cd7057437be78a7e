import { describe, expect, it } from 'vitest';
import { allowedAfter } from '../../../../testing/reference/answers.ts';
import { erf, gelu } from '../../../../testing/reference/layers.ts';
import { tokenBucket } from '../../../../testing/reference/positions.ts';

describe('tokenBucket', () => {
  it('is exact up to half the bucket size', () => {
    expect([-16, -1, 0, 1, 16].map((distance) => tokenBucket(distance, 32))).toEqual([15, 30, 31, 32, 47]);
  });

  it('shares buckets between long distances and ends with the last bucket', () => {
    // ceil(ln(17/16) / ln(1023/16) * 15) = ceil(0.219) = 1, and 16 + 1 + 31 = 48.
    expect([17, 21, 22].map((distance) => tokenBucket(distance, 32))).toEqual([48, 48, 49]);
    expect(tokenBucket(1023, 32)).toBe(62);
    expect(tokenBucket(-1023, 32)).toBe(0);
    expect(tokenBucket(1023, 256)).toBe(510);
  });
});

describe('erf and gelu', () => {
  it('match published tables', () => {
    // Abramowitz and Stegun, table 7.1.
    expect(erf(0.5)).toBeCloseTo(0.5204998778, 10);
    expect(erf(-1)).toBeCloseTo(-0.8427007929, 10);
    expect(erf(2)).toBeCloseTo(0.995322265, 9);
    expect(erf(7)).toBe(1);
    expect(gelu(1)).toBeCloseTo(0.8413447461, 10);
    expect(gelu(-3)).toBeCloseTo(-3 * 0.0013498980316, 10);
  });
});

describe('allowedAfter', () => {
  const END = 2;

  it('allows every first token at the start', () => {
    expect(allowedAfter([[9], [5, 6], [5, 7]], [5, 6], 0, END)).toEqual([5, 9]);
  });

  it('allows only the end after an answer that is not the beginning of another', () => {
    expect(allowedAfter([[9], [5, 6]], [9], 1, END)).toEqual([END]);
  });

  it('allows the end and the continuation where one answer is the beginning of another', () => {
    expect(allowedAfter([[5], [5, 6], [5, 6, 7]], [5, 6], 1, END)).toEqual([END, 6]);
    expect(allowedAfter([[5], [5, 6], [5, 6, 7]], [5, 6], 2, END)).toEqual([END, 7]);
  });

  it('ignores answers with a different beginning', () => {
    expect(
      allowedAfter(
        [
          [5, 6],
          [8, 7],
        ],
        [5, 6],
        1,
        END,
      ),
    ).toEqual([6]);
  });
});
