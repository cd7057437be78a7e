import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resample } from '../../../../model/input/resize/resample.ts';
import { resizeSlowly } from '../pixels/oracle.ts';

/** Noise with long runs of the extremes, where clipping shows. */
function noise(length: number, seed: number): Uint8Array {
  let state = seed | 1;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    const value = state >>> 24;
    return value < 64 ? 0 : value > 192 ? 255 : value;
  });
}

function expectSame(width: number, height: number, size: number, seed = 1): void {
  const pixels = noise(width * height * 3, seed);
  const actual = resample(pixels, width, height, size);
  const expected = resizeSlowly(pixels, width, height, size);
  // Comparing buffers is fast; the sizes say which case failed.
  expect([width, height, size, Buffer.compare(actual, expected)]).toEqual([width, height, size, 0]);
}

describe('the resampler', () => {
  it('equals a plain implementation for any sizes', () => {
    const side = fc.integer({ min: 1, max: 90 });
    fc.assert(
      fc.property(side, side, side, fc.integer(), (width, height, size, seed) => {
        expectSame(width, height, size, seed);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    [1, 1, 480],
    [480, 480, 480],
    [480, 37, 480],
    [37, 480, 480],
    [479, 481, 480],
    [1, 20_000, 64],
    [20_000, 1, 64],
    [20_000, 3, 1],
    [3, 20_000, 1],
    [2, 3, 1000],
    [1023, 17, 5],
  ])('equals it from %i x %i to %i', (width, height, size) => {
    expectSame(width, height, size);
  });

  it('gives the same after an image that needed more memory', () => {
    expectSame(31, 29, 17);
    expectSame(300, 4000, 33);
    expectSame(31, 29, 17);
  });

  it('leaves its input alone', () => {
    const pixels = noise(50 * 40 * 3, 7);
    const before = pixels.slice();
    resample(pixels, 50, 40, 8);
    expect(pixels).toEqual(before);
  });

  it('refuses pixels that do not have the size', () => {
    expect(() => resample(new Uint8Array(10), 2, 2, 4)).toThrow(RangeError);
  });
});
