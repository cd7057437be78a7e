import { expect, it } from 'vitest';
import { divideByAlpha, spreadLimitedRange } from '../../../../model/input/pixels/avif-samples.ts';

it('spreads a limited range over all levels, and keeps alpha', () => {
  const samples = Uint8Array.of(16, 235, 0, 16, 255, 16, 126, 235);
  expect([...spreadLimitedRange(samples, 4)]).toEqual([0, 255, 0, 16, 255, 0, 128, 235]);
  expect([...spreadLimitedRange(samples, 3)]).toEqual([0, 255, 0, 0, 255, 0, 128, 255]);
});

it('divides colours by alpha, and makes invisible ones black', () => {
  expect([...divideByAlpha(Uint8Array.of(10, 20, 200, 100, 10, 20, 30, 0, 10, 20, 30, 255))]).toEqual([
    26, 51, 255, 0, 0, 0, 10, 20, 30,
  ]);
});
