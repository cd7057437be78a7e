import { pino } from 'pino';
import { afterEach, expect, it, vi } from 'vitest';
import { Overloaded } from '../../../service/inference/errors.ts';
import { RefusalLog } from '../../../service/observability/refusal-log.ts';
import { toProblem } from '../../../service/requests/to-problem.ts';

afterEach(() => {
  vi.useRealTimers();
});

it('logs the requests of a second that found no place in the queue in one line', () => {
  vi.useFakeTimers();
  const lines: { msg: string; refused: number }[] = [];
  const logger = pino({}, { write: (line) => lines.push(JSON.parse(line) as (typeof lines)[number]) });
  const log = new RefusalLog(logger);
  const count = (full: Overloaded['full']): boolean => log.count({ problem: toProblem(new Overloaded(full, 1)) });
  for (let i = 0; i < 1000; i++) expect(count('queue')).toBe(true);
  expect(count('share')).toBe(true);
  expect([count('memory'), count('uploads'), log.count({ problem: undefined })]).toEqual([false, false, false]);
  expect(lines).toEqual([]);
  vi.advanceTimersByTime(1000);
  expect(lines.map(({ msg, refused }) => [msg, refused])).toEqual([
    ['refused 1000 requests because the queue is full', 1000],
    ['refused 1 request because other clients need their share', 1],
  ]);
  vi.advanceTimersByTime(5000);
  expect(lines.length).toBe(2);
  count('queue');
  log.flush();
  expect(lines.at(-1)?.msg).toBe('refused 1 request because the queue is full');
});
