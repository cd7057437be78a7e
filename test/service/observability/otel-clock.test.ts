import { afterEach, expect, it, vi } from 'vitest';
import { DEFAULT_SETTINGS } from '../../../service/contract.ts';
import { RequestRecord } from '../../../service/observability/request-record.ts';
import { startTracing } from '../../../service/observability/tracing.ts';
import { logInMemory } from '../../../testing/logging.ts';
import { OtlpCollector } from '../../../testing/otlp-collector.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

it('all spans follow the clock of the system when it is set', async () => {
  await using collector = await OtlpCollector.start();
  const settings = { ...DEFAULT_SETTINGS, OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint };
  const tracing = (await startTracing(settings, logInMemory().logger)) ?? expect.fail();
  const { now } = Date;
  vi.spyOn(Date, 'now').mockImplementation(() => now() + 3_600_000);
  const beganMs = Date.now();
  const record = new RequestRecord();
  tracing.begin(new Request('http://localhost:8000/predict', { method: 'POST' }), record);
  const [startMs, endMs] = [record.startMs, performance.now()];
  record.stage({ name: 'queue', startMs, endMs });
  tracing.batch({ startMs, endMs, items: 1, pictures: 1, length: 12, failed: false, requests: [record] });
  tracing.end({ method: 'POST', route: '/predict', status: 200, requestId: 'a', record, problem: undefined });
  const endedMs = Date.now();
  await tracing.close();
  expect(collector.spans.map(({ name }) => name).sort()).toEqual(['POST /predict', 'engine run', 'queue']);
  for (const { startTimeUnixNano, endTimeUnixNano } of collector.spans) {
    expect(Number(startTimeUnixNano) / 1e6).toBeGreaterThan(beganMs - 1000);
    expect(Number(endTimeUnixNano) / 1e6).toBeLessThan(endedMs + 1000);
  }
});
