import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DeadlineExceeded } from '../../../service/inference/errors.ts';
import { startDeadline } from '../../../service/requests/deadline.ts';

const LONGEST_MS = 1000;

function start(clientMs?: number) {
  const never = new AbortController().signal;
  return startDeadline({ longestMs: LONGEST_MS, clientMs, disconnected: never, closing: never });
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the time of a request', () => {
  it('is that of the body, and then as much again for the answer', () => {
    const deadline = start();
    vi.advanceTimersByTime(LONGEST_MS - 1);
    deadline.bodyComplete();
    vi.advanceTimersByTime(LONGEST_MS - 1);
    expect(deadline.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(deadline.signal.reason).toEqual(new DeadlineExceeded('service'));
  });

  it('ends with a request-timeout while the body is incomplete', () => {
    const deadline = start();
    vi.advanceTimersByTime(LONGEST_MS);
    expect(deadline.signal.reason).toMatchObject({ problem: 'request-timeout' });
  });

  it.each([
    // [the client's limit, when the body is complete, who is to blame]
    [500, 100, 'client'],
    [LONGEST_MS, 100, 'service'],
    [1500, 600, 'service'],
  ] as const)('is %d ms where the client says so', (clientMs, complete, setBy) => {
    const deadline = start(clientMs);
    vi.advanceTimersByTime(complete);
    deadline.bodyComplete();
    vi.advanceTimersByTime(clientMs - complete - 1);
    expect(deadline.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect((deadline.signal.reason as DeadlineExceeded).setBy).toBe(setBy);
  });

  it('is the client who is to blame for a body that is not complete within its own limit', () => {
    const deadline = start(900);
    vi.advanceTimersByTime(900);
    expect((deadline.signal.reason as DeadlineExceeded).setBy).toBe('client');
  });

  it.each([2 * LONGEST_MS, 1e12])('is not longer for a client that allows %d ms', (clientMs) => {
    const deadline = start(clientMs);
    deadline.bodyComplete();
    vi.advanceTimersByTime(LONGEST_MS - 1);
    expect(deadline.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect((deadline.signal.reason as DeadlineExceeded).setBy).toBe('service');
  });

  it('no longer ends once it is disposed of', () => {
    const deadline = start(500);
    deadline.dispose();
    vi.advanceTimersByTime(10 * LONGEST_MS);
    expect(deadline.signal.aborted).toBe(false);
  });
});
