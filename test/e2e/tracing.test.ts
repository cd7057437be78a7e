import { hostname } from 'node:os';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { logInMemory } from '../../testing/logging.ts';
import { attributesOf, OtlpCollector, type Span } from '../../testing/otlp-collector.ts';
import { predictBody } from './client.ts';
import { grpcClients } from './grpc/grpc-client.ts';
import { fixturePackage } from '../../testing/fixtures.ts';
import { serve } from './service.ts';

const connect = grpcClients();
let collector: OtlpCollector;

beforeAll(async () => {
  collector = await OtlpCollector.start();
});
afterAll(async () => {
  await collector[Symbol.asyncDispose]();
});

it('exports a span for each stage of a request under the caller’s span, and links the batch', async () => {
  const service = await serve({
    MODEL_DIR: await fixturePackage('mini-none'),
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
  });
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const response = await fetch(`${service.url}/predict`, {
    method: 'POST',
    body: await predictBody('a secret sentence'),
    headers: {
      'content-type': 'application/json',
      traceparent: `00-${traceId}-b7ad6b7169203331-01`,
    },
  });
  expect(response.status).toBe(200);
  expect(response.headers.get('traceresponse')).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
  expect((await fetch(`${service.url}/livez`)).headers.has('traceresponse')).toBe(false);
  const { code, trailers } = await connect(service).call('ServerReady', {}).answer;
  expect([code, trailers['traceresponse']]).toEqual([0, undefined]);
  await service.stop();

  const { spans, received } = collector;
  const named = (name: string): Span => collector.named(name);
  const server = named('POST /predict');
  expect([server.traceId, server.parentSpanId]).toEqual([traceId, 'b7ad6b7169203331']);
  expect(attributesOf(server)).toMatchObject({
    'http.request.method': 'POST',
    'http.route': '/predict',
    'http.response.status_code': 200,
    'url.path': '/predict',
    'url.scheme': 'http',
    'ofa_ve.texts': 1,
    'ofa_ve.text_hash': expect.stringMatching(/^[0-9a-f]{12}$/) as unknown,
  });
  for (const name of ['read', 'tokenize', 'preprocess', 'queue', 'inference']) {
    const part = named(name);
    expect([name, part.traceId, part.parentSpanId]).toEqual([name, traceId, server.spanId]);
    expect(part.startTimeUnixNano).toBeGreaterThanOrEqual(server.startTimeUnixNano - 1_000_000n);
    expect(part.endTimeUnixNano).toBeLessThanOrEqual(server.endTimeUnixNano + 1_000_000n);
  }
  expect(named('engine run').links).toMatchObject([{ traceId, spanId: server.spanId }]);
  expect(spans).toHaveLength(7);
  const resource = received[0]?.resourceSpans[0]?.resource.attributes ?? [];
  const values = Object.fromEntries(resource.map(({ key, value }) => [key, value['stringValue']]));
  expect(values).toMatchObject({
    'service.name': 'ofa-ve',
    'host.name': hostname(),
    'telemetry.sdk.name': 'opentelemetry',
    'telemetry.sdk.language': 'nodejs',
  });
  // Sizes and hashes, never the content.
  expect(
    JSON.stringify(received, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
  ).not.toContain('secret');
});

it('serves, stops in time and logs that traces are lost when the collector is unreachable', async () => {
  const log = logInMemory();
  const service = await serve(
    {
      MODEL_DIR: await fixturePackage('mini-none'),
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
    },
    { logger: log.logger },
  );
  const headers = { 'content-type': 'application/json' };
  const body = await predictBody('a');
  expect((await fetch(`${service.url}/predict`, { method: 'POST', body, headers })).status).toBe(200);
  await service.stop();
  const lost = log.lines().filter(({ msg }) => msg === 'traces are lost');
  expect(lost[0]).toMatchObject({ level: 40 });
  expect(lost[0]?.['detail']).toMatch(
    /^The collector http:\/\/127\.0\.0\.1:9\/v1\/traces .* 4318; port 4317 is for gRPC\.$/,
  );
});
