import { expect, it } from 'vitest';
import { METRICS, type RequestOutcome } from '../../../service/contract.ts';
import { ENGINE_FAILURES } from '../../../service/engine/process/failure.ts';
import { RequestRecord, UNMATCHED } from '../../../service/observability/request-record.ts';
import { HttpProblem } from '../../../service/requests/problem.ts';
import { requestTimeout, toProblem } from '../../../service/requests/to-problem.ts';
import { Overloaded } from '../../../service/inference/errors.ts';
import { Metrics } from '../../../service/observability/metrics.ts';
import { until } from '../../e2e/client.ts';

it('has a help text and base units for each metric', async () => {
  const metrics = new Metrics();
  const text = await metrics.text();
  metrics.close();
  const onlyWithAModel: string[] = [
    METRICS.uploads,
    METRICS.pixelMemory,
    METRICS.pixelMemoryLimit,
    METRICS.queueItems,
    METRICS.inflightItems,
    METRICS.engines,
  ];
  for (const name of Object.values(METRICS)) {
    if (!onlyWithAModel.includes(name)) expect(text).toMatch(new RegExp(`^# HELP ${name} \\S`, 'm'));
    expect(name).not.toMatch(/_ms|_mb|percent/);
  }
});

it('starts every reason at 0, so that rates can be computed from the first scrape', async () => {
  const metrics = new Metrics();
  const text = await metrics.text();
  metrics.close();
  for (const reason of ENGINE_FAILURES) {
    expect(text).toContain(`${METRICS.engineRestarts}{reason="${reason.replaceAll('-', '_')}"} 0`);
  }
  expect(text).toContain(`${METRICS.rejected}{reason="queue_full"} 0`);
});

it('separates the duration of refusals and failures from that of answers', async () => {
  const metrics = new Metrics();
  for (const status of [200, 401, 429, 499, 503, 504]) {
    const record = new RequestRecord();
    metrics.request({
      method: 'POST',
      route: '/predict',
      status,
      requestId: 'a',
      record,
      problem: undefined,
    });
  }
  const text = await metrics.text();
  metrics.close();
  const count = (outcome: RequestOutcome): string =>
    `${METRICS.requestLatency}_count{route="/predict",outcome="${outcome}"}`;
  expect(text).toContain(`${count('answered')} 1\n`);
  expect(text).toContain(`${count('refused')} 2\n`);
  expect(text).toContain(`${count('failed')} 2\n`);
  expect(text).toContain(`${count('abandoned')} 1\n`);
});

it('counts no refusal if the client disconnected', async () => {
  const metrics = new Metrics();
  const problem = new HttpProblem('unavailable', 'The client disconnected.');
  const record = new RequestRecord();
  metrics.request({ method: 'POST', route: '/predict', status: 499, requestId: 'a', record, problem });
  const text = await metrics.text();
  metrics.close();
  expect(text).toContain(`${METRICS.requests}{route="/predict",status="499",outcome="abandoned"} 1`);
  expect(text).toContain(`${METRICS.rejected}{reason="unavailable"} 0`);
});

/** How often the event loop was asked, and how often it was late by no more than so many seconds. */
async function eventLoopDelays(metrics: Metrics, seconds: number): Promise<{ all: number; within: number }> {
  const text = await metrics.text();
  const value = (series: string): number => {
    const line = text.split('\n').find((each) => each.startsWith(`${METRICS.eventLoopDelay}_${series} `));
    return Number(line?.split(' ')[1]);
  };
  return { all: value('count'), within: value(`bucket{le="${seconds}"}`) };
}

it('measures no delay of an idle event loop', async () => {
  const metrics = new Metrics();
  // Far less than the time that lies between two looks.
  const within = async (): Promise<number> => (await eventLoopDelays(metrics, 0.005)).within;
  await until('it was not late', async () => (await within()) > 0);
  expect(await within()).toBeGreaterThan(0);
  metrics.close();
});

it('shows every scraper the delay of a blocked event loop', async () => {
  const metrics = new Metrics();
  await until('it is asked', async () => (await eventLoopDelays(metrics, 0.25)).all > 0);
  const end = performance.now() + 400;
  while (performance.now() < end);
  const late = async (): Promise<number> => {
    const { all, within } = await eventLoopDelays(metrics, 0.25);
    return all - within;
  };
  await until('it is asked again', async () => (await late()) > 0);
  expect(await late()).toBeGreaterThan(0);
  metrics.close();
});

it('counts requests by declared route, and refusals by reason', async () => {
  const metrics = new Metrics();
  const problem = toProblem(new Overloaded('queue', 1));
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
  expect(text).toContain(`${METRICS.requests}{route="/predict",status="429",outcome="overloaded"} 1`);
  expect(text).toContain(`${METRICS.rejected}{reason="queue_full"} 1`);
  expect(text).toContain(`${METRICS.answers}{label="yes"} 1`);
  expect(text).toContain(`${METRICS.batchSize}_bucket{le="4"} 1`);
  expect(text).toContain(`${METRICS.batchSize}_bucket{le="2"} 0`);
  expect(text).toContain(`${METRICS.inference}_bucket{le="0.25"} 1`);
});

it('counts requests by the names of API keys, of which it knows a bounded number', async () => {
  const metrics = new Metrics();
  for (let key = 0; key < 250; key++) {
    const record = new RequestRecord();
    record.attributes['api_key'] = `key-${key % 125}`;
    metrics.request({ method: 'POST', route: '/predict', status: 200, requestId: 'a', record, problem: undefined });
  }
  const text = await metrics.text();
  metrics.close();
  expect(text).toContain(`${METRICS.keyRequests}{api_key="key-99",outcome="answered"} 2\n`);
  expect(text).toContain(`${METRICS.keyRequests}{api_key="other",outcome="answered"} 50\n`);
  expect(text).not.toContain('key-100');
});

it('shows the memory of decoding', async () => {
  const metrics = new Metrics();
  let usedBytes = 0;
  metrics.watchPixelMemory(() => ({ usedBytes, limitBytes: 100 }));
  usedBytes = 40;
  const text = await metrics.text();
  metrics.close();
  expect(text).toContain(`\n${METRICS.pixelMemory} 40\n`);
  expect(text).toContain(`\n${METRICS.pixelMemoryLimit} 100\n`);
});

it('keeps the time of explanations out of the latency of answers', async () => {
  const metrics = new Metrics();
  const plain = new RequestRecord();
  const explained = new RequestRecord();
  explained.attributes['explain_ms'] = 900;
  for (const record of [plain, explained]) {
    metrics.request({ method: 'POST', route: '/predict', status: 200, requestId: 'a', record, problem: undefined });
  }
  const text = await metrics.text();
  metrics.close();
  expect(text).toContain(`${METRICS.requests}{route="/predict",status="200",outcome="answered"} 2`);
  expect(text).toContain(`${METRICS.requestLatency}_count{route="/predict",outcome="answered"} 1`);
});

it.each([
  ['queue', 'overloaded', 'queue_full'],
  ['memory', 'overloaded', 'memory_full'],
  ['uploads', 'overloaded', 'uploads_full'],
  ['calls', 'overloaded', 'calls_full'],
  ['share', 'refused', 'share_used'],
  ['explanations', 'refused', 'explanations_full'],
] as const)('tells apart what the service owes and what not: a used up %s is %s', async (full, outcome, reason) => {
  const metrics = new Metrics();
  const problem = toProblem(new Overloaded(full, 1));
  const record = new RequestRecord();
  metrics.request({ method: 'POST', route: '/predict', status: 429, requestId: 'a', record, problem });
  const text = await metrics.text();
  metrics.close();
  expect(text).toContain(`${METRICS.requests}{route="/predict",status="429",outcome="${outcome}"} 1`);
  expect(text).toContain(`${METRICS.rejected}{reason="${reason}"} 1`);
});

it('counts headers that arrive too late as a request, but not as a slow body', async () => {
  const metrics = new Metrics();
  const problem = requestTimeout('late');
  const record = new RequestRecord();
  metrics.request({ method: undefined, route: UNMATCHED, status: 408, requestId: 'a', record, problem });
  const text = await metrics.text();
  metrics.close();
  expect(text).toContain(`${METRICS.requests}{route="unmatched",status="408",outcome="refused"} 1`);
  expect(text).toContain(`${METRICS.rejected}{reason="slow_body"} 0`);
});
