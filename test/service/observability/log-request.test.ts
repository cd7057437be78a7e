import { pino } from 'pino';
import { expect, it } from 'vitest';
import { logRequest } from '../../../service/observability/logger.ts';
import { RequestRecord } from '../../../service/observability/request-record.ts';

it.each([
  ['/readyz', 200, 20],
  ['/readyz', 503, 30],
  // The model is loading.
  ['/startupz', 503, 20],
  ['/startupz', 405, 30],
  ['/v2/models/:name/ready', 404, 30],
  ['/metrics', 200, 20],
  // Its client has stopped to watch.
  ['/grpc.health.v1.Health/Watch', 499, 20],
  ['/predict', 200, 30],
])('a request to %s that got %i is logged at level %i', (route, status, level) => {
  const levels: unknown[] = [];
  const write = (line: string): void => void levels.push((JSON.parse(line) as { level: number }).level);
  const record = new RequestRecord();
  const summary = { method: 'GET', route, status, requestId: 'a', record, problem: undefined };
  logRequest(pino({ level: 'debug' }, { write }), summary);
  expect(levels).toEqual([level]);
});
