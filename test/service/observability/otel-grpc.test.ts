import { expect, it, vi } from 'vitest';
import { DEFAULT_SETTINGS } from '../../../service/contract.ts';
import { RequestRecord } from '../../../service/observability/request-record.ts';
import { startTracing } from '../../../service/observability/tracing.ts';
import { logInMemory } from '../../../testing/logging.ts';
import { OtlpCollector, STATUS_ERROR } from '../../../testing/otlp-collector.ts';

const METHOD = '/inference.GRPCInferenceService/ModelInfer';

it.each([
  ['OK', 200, false],
  ['INVALID_ARGUMENT', 400, false],
  ['CANCELLED', 499, false],
  ['RESOURCE_EXHAUSTED', 429, false],
  // Slow bodies, and deadlines.
  ['DEADLINE_EXCEEDED', 408, true],
  ['DEADLINE_EXCEEDED', 504, true],
  ['UNIMPLEMENTED', 404, true],
  ['UNAVAILABLE', 503, true],
  ['INTERNAL', 400, true],
])(
  'the span of a call that ends with %s (%d over HTTP), and that of its failed stage, is an error: %s',
  async (code, status, isError) => {
    await using collector = await OtlpCollector.start();
    vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '1');
    const settings = { ...DEFAULT_SETTINGS, OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint };
    const tracing = await startTracing(settings, logInMemory().logger);
    const record = new RequestRecord('grpc');
    tracing?.begin({ method: 'POST', url: `http://localhost${METHOD}`, headers: new Headers() }, record);
    record.attributes['grpc_status'] = code;
    record.stage({ name: 'preprocess', startMs: 1, endMs: 2, failed: true });
    tracing?.end({ method: 'POST', route: METHOD, status, requestId: 'a', record, problem: undefined });
    await tracing?.close();
    vi.unstubAllEnvs();
    for (const span of [METHOD.slice(1), 'preprocess'])
      expect(collector.named(span).status.code === STATUS_ERROR, span).toBe(isError);
  },
);
