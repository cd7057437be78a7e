import { expect, test } from 'vitest';
import { duration } from '../../cli/format.ts';
import { RateMeter } from '../../cli/rate-meter.ts';

test('the rate is 0 before time has passed', () => {
  const meter = new RateMeter();
  expect(meter.perSecond()).toBe(0);
  meter.record(5, 1000);
  expect(meter.perSecond()).toBe(0);
});

test('the rate covers the last ten seconds', () => {
  const meter = new RateMeter();
  for (let second = 0; second <= 60; second++) meter.record(100 * second, 1000 * second);
  expect(meter.perSecond()).toBe(100);
  const before = 6000;
  for (let second = 1; second <= 11; second++) meter.record(before + 5 * second, 60_000 + 1000 * second);
  expect(meter.perSecond()).toBe(5);
});

test('many small steps give the same rate as few large ones', () => {
  const meter = new RateMeter();
  for (let ms = 0; ms <= 30_000; ms++) meter.record(3 * ms, ms);
  expect(meter.perSecond()).toBeCloseTo(3000, 6);
});

test('the rate falls when nothing more arrives', () => {
  const meter = new RateMeter();
  meter.record(0, 0);
  meter.record(1000, 1000);
  meter.record(1000, 5000);
  expect(meter.perSecond()).toBe(200);
});

test.each([
  [0.2, '1 s'],
  [59, '59 s'],
  [60, '1 min 0 s'],
  [3599.5, '1 h 0 min'],
  [7500, '2 h 5 min'],
])('%d seconds read %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});
