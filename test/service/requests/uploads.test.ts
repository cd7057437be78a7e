import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Uploads, type Upload } from '../../../service/requests/uploads.ts';
import type { HttpProblem } from '../../../service/requests/problem.ts';
import { Overloaded } from '../../../service/inference/errors.ts';
import { toProblem } from '../../../service/requests/to-problem.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function boundTo(limits: Partial<ConstructorParameters<typeof Uploads>[0]>): Uploads {
  return new Uploads({ maxUploads: 100, maxBytes: 1e9, retryAfterSeconds: () => 7, ...limits });
}

/** A body whose abort is recorded. */
function begin(uploads: Uploads, announced = 0, client?: string): Upload & { readonly aborted: HttpProblem[] } {
  const aborted: HttpProblem[] = [];
  const upload = uploads.begin(announced, (reason) => aborted.push(toProblem(reason)), client);
  return { ...upload, aborted };
}

describe('the least rate', () => {
  it('applies after a grace period and ends a body with 408 and a closed connection', async () => {
    const uploads = boundTo({});
    await vi.advanceTimersByTimeAsync(10_000);
    const slow = begin(uploads, 50_000);
    await vi.advanceTimersByTimeAsync(4900);
    expect(slow.aborted).toEqual([]);
    await vi.advanceTimersByTimeAsync(600);
    expect(slow.aborted.map(({ status, headers }) => [status, headers])).toEqual([[408, { connection: 'close' }]]);
    expect([uploads.arriving, uploads.bytes]).toEqual([0, 0]);
  });

  it('does not apply to a body that keeps it, nor to one that is complete', async () => {
    const uploads = boundTo({});
    const steady = begin(uploads);
    const complete = begin(uploads);
    complete.complete();
    for (let second = 1; second <= 20; second++) {
      steady.received(second * 1100);
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect([...steady.aborted, ...complete.aborted]).toEqual([]);
    await vi.advanceTimersByTimeAsync(3000);
    expect(steady.aborted).toHaveLength(1);
  });

  it('is watched only while bodies arrive', () => {
    const uploads = boundTo({});
    begin(uploads).release();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('places', () => {
  it('go from the slowest body to a new one', async () => {
    const uploads = boundTo({ maxUploads: 3 });
    const [slow, slowest, fast] = [begin(uploads), begin(uploads), begin(uploads)];
    await vi.advanceTimersByTimeAsync(2000);
    slow.received(1000);
    slowest.received(10);
    fast.received(1_000_000);
    begin(uploads);
    expect([slow, slowest, fast].map(({ aborted }) => aborted.length)).toEqual([0, 1, 0]);
    begin(uploads);
    expect([slow, slowest, fast].map(({ aborted }) => aborted.length)).toEqual([1, 1, 0]);
    expect(slow.aborted[0]?.status).toBe(408);
    expect(uploads.arriving).toBe(3);
  });

  it('are refused to a new body while all others are fast or have just begun', async () => {
    const uploads = boundTo({ maxUploads: 2 });
    const fast = begin(uploads);
    await vi.advanceTimersByTimeAsync(2000);
    fast.received(1_000_000);
    const young = begin(uploads);
    expect(() => begin(uploads)).toThrow(Overloaded);
    expect([...fast.aborted, ...young.aborted]).toEqual([]);
    fast.complete();
    begin(uploads);
    expect(uploads.arriving).toBe(2);
  });
});

describe('memory', () => {
  it('is reserved until the request is released, and refused past its limit', () => {
    const uploads = boundTo({ maxBytes: 100 });
    const first = begin(uploads, 60);
    first.received(60);
    first.complete();
    expect(() => begin(uploads, 41)).toThrow(Overloaded);
    const second = begin(uploads, 40);
    first.release();
    first.release();
    second.received(100);
    expect(uploads.bytes).toBe(100);
    second.release();
    expect(uploads.bytes).toBe(0);
  });

  it('that was announced but does not arrive goes to others', async () => {
    const uploads = boundTo({ maxBytes: 100 });
    const idle = [begin(uploads, 50), begin(uploads, 50)];
    await vi.advanceTimersByTimeAsync(1000);
    const honest = begin(uploads, 30);
    expect(idle.map(({ aborted }) => aborted.length)).toEqual([1, 0]);
    honest.received(80);
    expect(idle.map(({ aborted }) => aborted.length)).toEqual([1, 1]);
    expect(uploads.bytes).toBe(80);
  });

  it('is taken from nobody if all that is slow would not suffice', async () => {
    const uploads = boundTo({ maxBytes: 100 });
    const waiting = begin(uploads, 80);
    waiting.complete();
    const slow = begin(uploads, 20);
    await vi.advanceTimersByTimeAsync(1000);
    expect(() => begin(uploads, 21)).toThrow(expect.objectContaining({ retryAfterSeconds: 7 }) as Error);
    expect(slow.aborted).toEqual([]);
  });

  it('is not taken from a slow body that holds none', async () => {
    const uploads = boundTo({ maxBytes: 100 });
    const [empty, large] = [begin(uploads), begin(uploads, 90)];
    await vi.advanceTimersByTimeAsync(1000);
    begin(uploads, 50);
    expect([empty, large].map(({ aborted }) => aborted.length)).toEqual([0, 1]);
  });

  it('is not reserved again by what still arrives of a body that was aborted', async () => {
    const uploads = boundTo({ maxBytes: 100 });
    const slow = begin(uploads, 100);
    await vi.advanceTimersByTimeAsync(1000);
    begin(uploads, 10);
    slow.received(50);
    expect([slow.aborted.length, uploads.bytes]).toEqual([1, 10]);
  });

  it('for all that was announced is reserved before it arrives', () => {
    const uploads = boundTo({ maxBytes: 100 });
    begin(uploads, 60).received(10);
    expect(uploads.bytes).toBe(60);
  });

  it('for more than was announced needs no further place', () => {
    const uploads = boundTo({ maxUploads: 1 });
    begin(uploads, 60).received(100);
    expect(uploads.bytes).toBe(100);
  });

  it('is refused with the time until as much is likely to be free, whatever place a slow body could give', async () => {
    const shares: number[] = [];
    const uploads = boundTo({ maxUploads: 1, maxBytes: 100, retryAfterSeconds: (share) => shares.push(share) });
    begin(uploads, 70).complete();
    begin(uploads, 10);
    await vi.advanceTimersByTimeAsync(1000);
    expect(() => begin(uploads, 60)).toThrow(expect.objectContaining({ full: 'memory' }) as Error);
    expect(shares).toEqual([0.5]);
  });

  it('is counted once per body', () => {
    const uploads = boundTo({ maxBytes: 100 });
    const upload = begin(uploads);
    for (const total of [100, 30, 100]) upload.received(total);
    expect(uploads.bytes).toBe(100);
  });
});

describe('clients that are told apart', () => {
  /** The indices of bodies that were aborted, each with 429 and a time to wait. */
  const abortedOf = (bodies: readonly { readonly aborted: readonly HttpProblem[] }[]): number[] =>
    bodies.flatMap(({ aborted: [reason, ...others] }, index) => {
      if (reason === undefined) return [];
      expect([reason.status, reason.headers['retry-after'], others]).toEqual([429, '7', []]);
      expect(reason.message).toContain('Your share is used up');
      return [index];
    });

  it('have a right to an equal share of the memory: the latest bodies of one that holds more make room', () => {
    const uploads = boundTo({ maxBytes: 100 });
    const greedy = [begin(uploads, 30, 'a'), begin(uploads, 30, 'a'), begin(uploads, 40, 'a')];
    begin(uploads, 20, 'b');
    expect(abortedOf(greedy)).toEqual([2]);
    begin(uploads, 30, 'b');
    expect(abortedOf(greedy)).toEqual([1, 2]);
    expect(uploads.bytes).toBe(80);
    // What is left is its own to use.
    begin(uploads, 20, 'a');
    expect(() => begin(uploads, 1, 'a')).toThrow(expect.objectContaining({ full: 'memory' }) as Error);
    expect(uploads.bytes).toBe(100);
  });

  it('have a right to an equal share of the places', () => {
    const uploads = boundTo({ maxUploads: 4 });
    const greedy = Array.from({ length: 4 }, () => begin(uploads, 0, 'a'));
    begin(uploads, 0, 'b');
    begin(uploads, 0, 'b');
    expect(abortedOf(greedy)).toEqual([2, 3]);
    expect(() => begin(uploads, 0, 'b')).toThrow(expect.objectContaining({ full: 'uploads' }) as Error);
    begin(uploads, 0, 'c');
    expect([uploads.arriving, abortedOf(greedy)]).toEqual([4, [1, 2, 3]]);
  });

  it('lose no body that holds none of the memory that is short', () => {
    const uploads = boundTo({ maxBytes: 100 });
    const greedy = [begin(uploads, 50, 'a'), begin(uploads, 40, 'a'), begin(uploads, 0, 'a')];
    begin(uploads, 45, 'b');
    expect(abortedOf(greedy)).toEqual([1]);
  });

  it('have it for a body that grows, too', () => {
    const uploads = boundTo({ maxBytes: 100 });
    const greedy = [begin(uploads, 50, 'a'), begin(uploads, 50, 'a')];
    const growing = begin(uploads, 0, 'b');
    growing.received(40);
    expect(abortedOf(greedy)).toEqual([1]);
    expect(uploads.bytes).toBe(90);
  });

  it('take nothing from complete bodies, single bodies, and clients within their share', async () => {
    const uploads = boundTo({ maxBytes: 100 });
    const complete = [begin(uploads, 20, 'a'), begin(uploads, 20, 'a')];
    for (const body of complete) body.complete();
    const single = begin(uploads, 45, 'b');
    const within = [begin(uploads, 5, 'c'), begin(uploads, 5, 'c')];
    await vi.advanceTimersByTimeAsync(100);
    expect(() => begin(uploads, 10, 'd')).toThrow(expect.objectContaining({ full: 'memory' }) as Error);
    expect(abortedOf([...complete, single, ...within])).toEqual([]);
  });

  it('make room only where the slow bodies do not, which may be anybody’s', async () => {
    const uploads = boundTo({ maxBytes: 100 });
    const slow = begin(uploads, 20, 'c');
    await vi.advanceTimersByTimeAsync(1000);
    const greedy = [begin(uploads, 40, 'a'), begin(uploads, 40, 'a')];
    begin(uploads, 10, 'b');
    expect([slow.aborted.map(({ status }) => status), abortedOf(greedy)]).toEqual([[408], []]);
  });

  it('make room together with the slow bodies', async () => {
    const uploads = boundTo({ maxBytes: 100 });
    const slow = begin(uploads, 20, 'c');
    await vi.advanceTimersByTimeAsync(1000);
    const greedy = [begin(uploads, 70, 'a'), begin(uploads, 10, 'a')];
    begin(uploads, 30, 'b');
    expect([slow.aborted.map(({ status }) => status), abortedOf(greedy)]).toEqual([[408], [1]]);
  });

  it('lose no bodies for memory because they hold many places', () => {
    const uploads = boundTo({ maxUploads: 4, maxBytes: 100 });
    const many = [begin(uploads, 6, 'a'), begin(uploads, 6, 'a'), begin(uploads, 6, 'a')];
    begin(uploads, 82, 'c').complete();
    expect(() => begin(uploads, 10, 'b')).toThrow(expect.objectContaining({ full: 'memory' }) as Error);
    expect(abortedOf(many)).toEqual([]);
  });

  it('lose nothing where nothing is short, nor to one that is not told apart', () => {
    const uploads = boundTo({ maxBytes: 100 });
    const bodies = [begin(uploads, 50, 'a'), begin(uploads, 40, 'a')];
    begin(uploads, 10, 'b');
    expect(() => begin(uploads, 10)).toThrow(Overloaded);
    expect(abortedOf(bodies)).toEqual([]);
  });
});
