import { afterEach, expect, test, vi } from 'vitest';
import { onTermination, SAME_REQUEST_MS } from '../../model/termination-signals.ts';

afterEach(() => {
  vi.useRealTimers();
});

test('a request to end is heard once, however many signals it comes as, and the next one again', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const received: string[] = [];
  const others = process.listenerCount('SIGHUP');
  const stopListening = onTermination((signal) => received.push(signal));
  process.emit('SIGINT', 'SIGINT');
  vi.advanceTimersByTime(SAME_REQUEST_MS - 1);
  process.emit('SIGINT', 'SIGINT');
  process.emit('SIGHUP', 'SIGHUP');
  expect(received).toEqual(['SIGINT']);
  vi.advanceTimersByTime(1);
  process.emit('SIGTERM', 'SIGTERM');
  expect(received).toEqual(['SIGINT', 'SIGTERM']);
  stopListening();
  expect(process.listenerCount('SIGHUP')).toBe(others);
});
