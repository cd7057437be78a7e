import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ClientGone, DeadlineExceeded } from '../../../service/inference/errors.ts';
import { startDeadline, type Deadline, type DeadlineOptions } from '../../../service/requests/deadline.ts';

const LONGEST_MS = 1000;

function start(clientMs?: number, signals: Partial<Pick<DeadlineOptions, 'closing' | 'disconnected'>> = {}) {
  const never = new AbortController().signal;
  return startDeadline({ longestMs: LONGEST_MS, clientMs, disconnected: never, closing: never, ...signals });
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

  it.each([900, LONGEST_MS])('is exceeded by the client whose body is not complete within %d ms of its own', (ms) => {
    const deadline = start(ms);
    vi.advanceTimersByTime(ms);
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
    const [closing, disconnected] = [new AbortController(), new AbortController()];
    const deadline = start(500, { closing: closing.signal, disconnected: disconnected.signal });
    deadline.dispose();
    vi.advanceTimersByTime(10 * LONGEST_MS);
    // The signal of the whole service would otherwise keep every request in memory.
    expect(getEventListeners(closing.signal, 'abort')).toEqual([]);
    closing.abort();
    disconnected.abort();
    expect(deadline.signal.aborted).toBe(false);
  });

  it.each([
    [
      'during the request',
      (controller: AbortController, begin: () => Deadline) => {
        const deadline = begin();
        controller.abort(new Error('over'));
        return deadline;
      },
    ],
    [
      'before it',
      (controller: AbortController, begin: () => Deadline) => {
        controller.abort(new Error('over'));
        return begin();
      },
    ],
  ])('ends when the client disconnects or the service has to stop, %s', (_, abort) => {
    const [closing, disconnected] = [new AbortController(), new AbortController()];
    const stopped = abort(closing, () => start(undefined, { closing: closing.signal }));
    expect(stopped.signal.reason).toEqual(new Error('over'));
    const gone = abort(disconnected, () => start(undefined, { disconnected: disconnected.signal }));
    expect(gone.signal.reason).toBeInstanceOf(ClientGone);
  });

  it('ends for any other reason that it is given', () => {
    const deadline = start();
    deadline.abort(new Error('too slow'));
    expect(deadline.signal.reason).toEqual(new Error('too slow'));
  });
});
