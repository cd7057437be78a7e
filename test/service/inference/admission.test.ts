import { describe, expect, it } from 'vitest';
import { Admission, type Slot } from '../../../service/inference/admission.ts';
import { Overloaded } from '../../../service/inference/errors.ts';

/** The `retryAfterSeconds` of a refused call. */
function retryAfter(refused: () => unknown): number {
  try {
    refused();
  } catch (error) {
    if (error instanceof Overloaded) return error.retryAfterSeconds;
    throw error;
  }
  throw new Error('it was not refused');
}

/** A full service that answers in batches; new requests at once take the slots of those answered. */
function batches(size: number, everyMs: number, count: number, slots = 2 * size) {
  let now = 0;
  const admission = new Admission(slots, { now: () => now });
  const held: Slot[] = Array.from({ length: slots }, () => admission.admit());
  for (let batch = 0; batch < count; batch++) {
    now += everyMs;
    for (let item = 0; item < size; item++) {
      admission.answered();
      held.shift()?.release();
      // Answers are written in successive turns of the event loop.
      now += 0.1;
    }
    while (held.length < slots) held.push(admission.admit());
  }
  const wait = (ms: number): void => {
    now += ms;
  };
  return { admission, wait };
}

describe('Retry-After', () => {
  it.each([
    [8, 12_000],
    [64, 12_000],
    [1, 12_000],
    [16, 3_000],
  ])('is the time until the next batch, with batches of %i every %i ms', (size, everyMs) => {
    const { admission, wait } = batches(size, everyMs, 6);
    const period = everyMs / 1000;
    expect(retryAfter(() => admission.admit())).toBeGreaterThanOrEqual(period - 1);
    expect(retryAfter(() => admission.admit())).toBeLessThanOrEqual(period + 1);
    wait(everyMs / 3);
    expect(retryAfter(() => admission.admit())).toBeLessThanOrEqual((period * 2) / 3 + 1);
  });

  it('is known after the first batch', () => {
    const { admission } = batches(8, 12_000, 1);
    expect(retryAfter(() => admission.admit())).toBe(12);
  });

  it('covers as many batches as a large request has to wait for', () => {
    const { admission } = batches(8, 12_000, 6, 32);
    const seconds = retryAfter(() => admission.admit(24));
    expect(seconds).toBeGreaterThanOrEqual(35);
    expect(seconds).toBeLessThanOrEqual(37);
  });

  it('is at least 1 and at most 60 seconds', () => {
    expect(retryAfter(() => batches(4, 20, 100).admission.admit())).toBe(1);
    expect(retryAfter(() => batches(1, 300_000, 3).admission.admit())).toBe(60);
    expect(retryAfter(() => new Admission(0).admit())).toBe(1);
  });

  it('ignores the rate of answers under low load', () => {
    let now = 0;
    const admission = new Admission(64, { now: () => now });
    for (let second = 0; second < 100; second++) {
      const slot = admission.admit();
      now += 50;
      admission.answered();
      slot.release();
      now += 950;
    }
    for (let item = 0; item < 64; item++) admission.admit();
    expect(retryAfter(() => admission.admit())).toBe(1);
  });

  it('follows a service that has become faster', () => {
    let now = 0;
    const admission = new Admission(2, { now: () => now });
    let slot = admission.admit();
    admission.admit();
    const answer = (afterMs: number): void => {
      now += afterMs;
      admission.answered();
      slot.release();
      slot = admission.admit();
    };
    for (let slow = 0; slow < 5; slow++) answer(30_000);
    expect(retryAfter(() => admission.admit())).toBe(30);
    for (let fast = 0; fast < 600; fast++) answer(500);
    expect(retryAfter(() => admission.admit())).toBe(1);
  });
});

describe('memory for bodies', () => {
  it('is refused past its limit and given back with the slot', () => {
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

  it('is counted once per request', () => {
    const admission = new Admission(8, { maxBodyBytes: 100 });
    const slot = admission.admit();
    for (const bytes of [100, 30, 100]) slot.holdBody(bytes);
    expect(admission.bodyBytes).toBe(100);
  });
});
