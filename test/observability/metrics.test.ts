import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { METRICS } from '../../service/contract.ts';
import { ENGINE_FAILURES } from '../../service/engine/failure.ts';
import { RequestRecord } from '../../service/http/request-record.ts';
import { HttpProblem } from '../../service/http/problem.ts';
import { Metrics } from '../../service/observability/metrics.ts';
import { until } from '../e2e/client.ts';

it('explains each metric, in base units', async () => {
  const metrics = new Metrics();
  const text = await metrics.text();
  metrics.close();
  const onlyWithAModel: string[] = [METRICS.queueItems, METRICS.inflightItems, METRICS.engines];
  for (const name of Object.values(METRICS)) {
    if (!onlyWithAModel.includes(name)) expect(text).toMatch(new RegExp(`^# HELP ${name} \\S`, 'm'));
    expect(name).not.toMatch(/_ms|_mb|percent/);
  }
});

it('starts every reason at 0, so that a rate over it is a number from the first scrape', async () => {
  const metrics = new Metrics();
  const text = await metrics.text();
  metrics.close();
  for (const reason of ENGINE_FAILURES) {
    expect(text).toContain(`${METRICS.engineRestarts}{reason="${reason.replaceAll('-', '_')}"} 0`);
  }
  expect(text).toContain(`${METRICS.rejected}{reason="queue_full"} 0`);
});

it('counts no refusal where the client left', async () => {
  const metrics = new Metrics();
  const problem = new HttpProblem('unavailable', 'The client disconnected.');
  const record = new RequestRecord();
  metrics.request({ method: 'POST', route: '/predict', status: 499, requestId: 'a', record, problem });
  const text = await metrics.text();
  metrics.close();
  expect(text).toContain(`${METRICS.requests}{route="/predict",status="499"} 1`);
  expect(text).toContain(`${METRICS.rejected}{reason="unavailable"} 0`);
});

it('tells no delay of an event loop that has none', async () => {
  const metrics = new Metrics();
  await until('a quiet while has passed', async () => {
    await metrics.text();
    await sleep(200);
    const [, median] =
      new RegExp(`${METRICS.eventLoopDelay}{quantile="0.5"} (\\S+)`).exec(await metrics.text()) ?? [];
    // Far less than the time that lies between two looks.
    return Number(median) < 0.005;
  });
  metrics.close();
});

it('counts requests by what was declared, and refusals by reason', async () => {
  const metrics = new Metrics();
  const problem = new HttpProblem('overloaded', 'full');
  metrics.request({
    method: 'POST',
    route: '/predict',
    status: 429,
    requestId: 'a',
    record: new RequestRecord(),
    problem,
  });
  metrics.answer('yes');
  metrics.batch({ startMs: 0, endMs: 5, items: 3, pictures: 1, length: 12, failed: false, requests: [] });
  metrics.stage({ name: 'inference', startMs: 0, endMs: 250 });
  const text = await metrics.text();
  metrics.close();
  expect(text).toContain(`${METRICS.requests}{route="/predict",status="429"} 1`);
  expect(text).toContain(`${METRICS.rejected}{reason="queue_full"} 1`);
  expect(text).toContain(`${METRICS.answers}{label="yes"} 1`);
  expect(text).toContain(`${METRICS.batchSize}_bucket{le="4"} 1`);
  expect(text).toContain(`${METRICS.batchSize}_bucket{le="2"} 0`);
  expect(text).toContain(`${METRICS.inference}_bucket{le="0.25"} 1`);
});
