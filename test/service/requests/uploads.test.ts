import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Uploads, type Upload } from '../../../service/requests/uploads.ts';
import type { HttpProblem } from '../../../service/requests/problem.ts';
import { Overloaded } from '../../../service/inference/errors.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function boundTo(limits: { maxUploads?: number; maxBytes?: number }): Uploads {
  return new Uploads({ maxUploads: 100, maxBytes: 1e9, retryAfterSeconds: () => 7, ...limits });
}

/** A body whose abort is recorded. */
function begin(uploads: Uploads, announced = 0): Upload & { readonly aborted: HttpProblem[] } {
  const aborted: HttpProblem[] = [];
  const upload = uploads.begin(announced, (reason) => aborted.push(reason));
  return { ...upload, aborted };
}

describe('the least rate', () => {
  it('applies after a grace period and ends a body with 408 and a closed connection', async () => {
    const uploads = boundTo({});
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

  it('is counted once per body', () => {
    const uploads = boundTo({ maxBytes: 100 });
    const upload = begin(uploads);
    for (const total of [100, 30, 100]) upload.received(total);
    expect(uploads.bytes).toBe(100);
  });
});
