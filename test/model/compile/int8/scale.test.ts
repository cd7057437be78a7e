import { expect, it } from 'vitest';
import { roundedUp, scaleOf } from '../../../../model/compile/int8/scale.ts';

it.each([
  [-1, 3],
  [0, 7.3],
  [-0.001, 250],
  [2, 5],
  [-6, -1],
  [-1e-9, 1e-9],
  [-10.6, 244.4],
  [0, 256],
])('a byte can stand for every number from %d to %d', (min, max) => {
  const { scale, zeroPoint } = scaleOf({ min, max });
  expect(Number.isInteger(zeroPoint)).toBe(true);
  for (const value of [min, max, 0]) {
    const byte = Math.round(value / scale) + zeroPoint;
    expect(byte).toBeGreaterThanOrEqual(0);
    expect(byte).toBeLessThanOrEqual(255);
  }
  // Little of the range is left over.
  expect(scale * 255).toBeLessThan(1.02 * (Math.max(0, max) - Math.min(0, min)));
});

it('has a scale for a tensor of zeros', () => {
  expect(scaleOf({ min: 0, max: 0 })).toEqual({ scale: 1, zeroPoint: 0 });
});

it('rounds so that ranges that differ in their last bits have the same scale', () => {
  expect(roundedUp(1.3)).toBe(roundedUp(1.3000001));
  expect(roundedUp(1.3)).toBeGreaterThanOrEqual(1.3);
  expect(roundedUp(2 ** -20)).toBe(2 ** -20);
});
