import { describe, expect, it } from 'vitest';
import { Admission } from '../../../service/inference/admission.ts';
import type { Slot } from '../../../service/inference/admission.ts';
import { Overloaded } from '../../../service/inference/errors.ts';

/** The seconds that a request is told which is refused. */
function toldBy(refused: () => unknown): number {
  try {
    refused();
  } catch (error) {
    if (error instanceof Overloaded) return error.retryAfterSeconds;
    throw error;
  }
  throw new Error('it was not refused');
}

/** A full service that answers batches, each of which comes at one instant and is followed by as many requests. */
function batches(size: number, everyMs: number, count: number, most = 2 * size) {
  let now = 0;
  const admission = new Admission(most, { now: () => now });
  const held: Slot[] = Array.from({ length: most }, () => admission.admit());
  for (let batch = 0; batch < count; batch++) {
    now += everyMs;
    for (let item = 0; item < size; item++) {
      admission.answered();
      held.shift()?.release();
      // As far apart as the turns of the event loop in which they are written.
      now += 0.1;
    }
    while (held.length < most) held.push(admission.admit());
  }
  const wait = (ms: number): void => {
    now += ms;
  };
  return { admission, wait };
}

describe('the time to come back', () => {
  it.each([
    [8, 12_000],
    [64, 12_000],
    [1, 12_000],
    [16, 3_000],
  ])('is when the next batch of %i is due, of which one comes every %i ms', (size, everyMs) => {
    const { admission, wait } = batches(size, everyMs, 6);
    const period = everyMs / 1000;
    expect(toldBy(() => admission.admit())).toBeGreaterThanOrEqual(period - 1);
    expect(toldBy(() => admission.admit())).toBeLessThanOrEqual(period + 1);
    wait(everyMs / 3);
    expect(toldBy(() => admission.admit())).toBeLessThanOrEqual((period * 2) / 3 + 1);
  });

  it('is right after the first batch', () => {
    const { admission } = batches(8, 12_000, 1);
    expect(toldBy(() => admission.admit())).toBe(12);
  });

  it('is as many batches as a large request needs', () => {
    const { admission } = batches(8, 12_000, 6, 32);
    const told = toldBy(() => admission.admit(24));
    expect(told).toBeGreaterThanOrEqual(35);
    expect(told).toBeLessThanOrEqual(37);
  });

  it('is the least there is where answers come fast, and the most where they hardly come', () => {
    expect(toldBy(() => batches(4, 20, 100).admission.admit())).toBe(1);
    expect(toldBy(() => batches(1, 300_000, 3).admission.admit())).toBe(60);
    expect(toldBy(() => new Admission(0).admit())).toBe(1);
  });

  it('does not take the pace of few requests for the pace of the engine', () => {
    let now = 0;
    const admission = new Admission(64, { now: () => now });
    for (let second = 0; second < 100; second++) {
      const place = admission.admit();
      now += 50;
      admission.answered();
      place.release();
      now += 950;
    }
    for (let item = 0; item < 64; item++) admission.admit();
    expect(toldBy(() => admission.admit())).toBe(1);
  });

  it('forgets how slow it was', () => {
    let now = 0;
    const admission = new Admission(2, { now: () => now });
    let place = admission.admit();
    admission.admit();
    const answer = (afterMs: number): void => {
      now += afterMs;
      admission.answered();
      place.release();
      place = admission.admit();
    };
    for (let slow = 0; slow < 5; slow++) answer(30_000);
    expect(toldBy(() => admission.admit())).toBe(30);
    for (let fast = 0; fast < 600; fast++) answer(500);
    expect(toldBy(() => admission.admit())).toBe(1);
  });
});

describe('the memory for bodies', () => {
  it('is refused past its limit, and given back with the place', () => {
    const admission = new Admission(8, { maxBodyBytes: 100 });
    const first = admission.admit();
    first.holdBody(60);
    const second = admission.admit();
    expect(() => {
      second.holdBody(41);
    }).toThrow(Overloaded);
    second.holdBody(40);
    first.release();
    first.release();
    second.holdBody(100);
    expect([admission.held, admission.bodyBytes]).toEqual([1, 100]);
    second.release();
    expect([admission.held, admission.bodyBytes]).toEqual([0, 0]);
  });

  it('is counted once, however often it is told', () => {
    const admission = new Admission(8, { maxBodyBytes: 100 });
    const place = admission.admit();
    for (const bytes of [100, 30, 100]) place.holdBody(bytes);
    expect(admission.bodyBytes).toBe(100);
  });
});
