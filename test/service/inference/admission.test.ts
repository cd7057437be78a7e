import { describe, expect, it } from 'vitest';
import { Admission, type Slots } from '../../../service/inference/admission.ts';
import { Overloaded, TooManyItems } from '../../../service/inference/errors.ts';

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
  const admission = new Admission(slots, () => now);
  const held: Slots[] = Array.from({ length: slots }, () => admission.admit());
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
    [8, 12_000, 0],
    [64, 12_000, 4000],
    [1, 12_000, 0],
    [16, 3_000, 1000],
  ])('is the time until the next batch, with batches of %i every %i ms, %i ms after one', (size, everyMs, afterMs) => {
    const { admission, wait } = batches(size, everyMs, 6);
    wait(afterMs);
    const rest = (everyMs - afterMs) / 1000;
    const seconds = retryAfter(() => admission.admit());
    expect(seconds).toBeGreaterThanOrEqual(rest - 1);
    expect(seconds).toBeLessThanOrEqual(rest + 1);
  });

  it('is known after the first batch', () => {
    const { admission } = batches(8, 12_000, 1);
    expect(retryAfter(() => admission.admit())).toBe(12);
  });

  it('covers as many batches as a large request has to wait for', () => {
    const { admission } = batches(8, 12_000, 6, 32);
    const seconds = retryAfter(() => admission.admit(16));
    expect(seconds).toBeGreaterThanOrEqual(23);
    expect(seconds).toBeLessThanOrEqual(25);
  });

  it('is at least 1 and at most 30 seconds', () => {
    expect(retryAfter(() => batches(4, 20, 100).admission.admit())).toBe(1);
    const longest = retryAfter(() => batches(1, 300_000, 3).admission.admit());
    expect(longest).toBeGreaterThan(15);
    expect(longest).toBeLessThanOrEqual(30);
    expect(retryAfter(() => new Admission(0).admit())).toBe(1);
  });

  it('counts on one second for the whole queue before the first answers', () => {
    const admission = new Admission(10, () => 0);
    admission.admit(10);
    const seconds = Array.from({ length: 6 }, () => retryAfter(() => admission.admit(5)));
    expect(seconds).toEqual([1, 1, 1, 2, 2, 3]);
  });

  it('is for a share of what is held the time of as many answers', () => {
    const rested = (share: number): number => batches(2, 1990, 20, 20).admission.retryAfterSeconds(share);
    expect([0, 0.47, 1, 2].map(rested)).toEqual([2, 10, 20, 20]);
  });

  it('counts on the rate of answers while the queue is half full', () => {
    let now = 0;
    const admission = new Admission(4, () => now);
    let slots = admission.admit(2);
    for (let answer = 0; answer < 20; answer++) {
      now += 10_000;
      admission.answered(2);
      slots.release();
      slots = admission.admit(2);
    }
    admission.admit(2);
    expect(retryAfter(() => admission.admit())).toBe(10);
  });

  it('lets refused clients return at the rate of the answers', () => {
    // 10 answers a second.
    const { admission } = batches(1, 100, 50);
    const seconds = Array.from({ length: 100 }, () => retryAfter(() => admission.admit()));
    for (const second of [1, 5, 10]) {
      const returning = seconds.filter((each) => each === second).length;
      expect(returning, `after ${second} s`).toBeGreaterThanOrEqual(8);
      expect(returning, `after ${second} s`).toBeLessThanOrEqual(12);
    }
  });

  it('spreads more clients than can be served in 30 seconds over the last 15', () => {
    const { admission, wait } = batches(1, 100, 50);
    const seconds = Array.from({ length: 2000 }, () => retryAfter(() => admission.admit()));
    const late = seconds.slice(400);
    expect(Math.min(...late)).toBeGreaterThan(15);
    for (let second = 16; second <= 30; second++) {
      expect(late.filter((each) => each === second).length, `after ${second} s`).toBeGreaterThan(50);
    }
    wait(30_000);
    expect(retryAfter(() => admission.admit())).toBe(1);
  });

  it('ignores the rate of answers under low load', () => {
    let now = 0;
    const admission = new Admission(64, () => now);
    for (let second = 0; second < 100; second++) {
      const slots = admission.admit();
      now += 50;
      admission.answered();
      slots.release();
      now += 950;
    }
    for (let item = 0; item < 64; item++) admission.admit();
    expect(retryAfter(() => admission.admit())).toBe(1);
    now += 20_000;
    admission.answered(16);
    expect(retryAfter(() => admission.admit())).toBe(20);
  });

  it('follows a service that has become faster', () => {
    let now = 0;
    const admission = new Admission(2, () => now);
    let slots = admission.admit();
    admission.admit();
    const answer = (afterMs: number): void => {
      now += afterMs;
      admission.answered();
      slots.release();
      slots = admission.admit();
    };
    for (let slow = 0; slow < 5; slow++) answer(30_000);
    expect(retryAfter(() => admission.admit())).toBe(30);
    for (let fast = 0; fast < 600; fast++) answer(500);
    expect(retryAfter(() => admission.admit())).toBe(1);
  });
});

describe('the queue', () => {
  it('gives no slot past its limit, and refuses early while it is full', () => {
    const admission = new Admission(2);
    const empty = admission.admit(0);
    admission.admit(2);
    expect(admission.refusal()).toBeInstanceOf(Overloaded);
    expect(() => {
      empty.resize(1);
    }).toThrow(Overloaded);
    expect(admission.held).toBe(2);
  });

  it('has room again once, however often slots are released', () => {
    const admission = new Admission(2);
    const slots = admission.admit(2);
    slots.release();
    slots.release();
    expect(admission.refusal()).toBeUndefined();
    expect(admission.held).toBe(0);
  });

  it('gives nothing to a request that has ended', () => {
    const admission = new Admission(2);
    const slots = admission.admit();
    slots.release();
    slots.resize(2);
    expect(admission.held).toBe(0);
  });

  it('refuses without a stack trace, and leaves all other errors theirs', () => {
    const refusal = new Admission(0).refusal();
    expect(refusal?.stack).not.toContain('\n    at ');
    expect(new Error('of somebody else').stack).toContain('\n    at ');
  });

  it('refuses early a client whose share is used up, and no other', () => {
    const admission = new Admission(4);
    admission.admit(1, 'b');
    for (let item = 0; item < 2; item++) admission.admit(1, 'a');
    expect(admission.refusal('a')).toMatchObject({ full: 'share' });
    expect([admission.refusal('b'), admission.refusal()]).toEqual([undefined, undefined]);
  });

  it('tells apart what does not fit now and what never will', () => {
    const admission = new Admission(2);
    const slots = admission.admit(0);
    admission.admit(1);
    expect(() => {
      slots.resize(2);
    }).toThrow(Overloaded);
    expect(() => {
      slots.resize(3);
    }).toThrow(TooManyItems);
  });
});
