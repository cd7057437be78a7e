import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { status as codes } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { attributesOf, OtlpCollector } from '../../../testing/otlp-collector.ts';
import { tempFolder } from '../../../testing/temp-folder.ts';
import { metric, until } from '../client.ts';
import { grpcClients, inferRequest } from './grpc-client.ts';
import { stubServices } from '../stub-service.ts';

const stub = stubServices();
const connect = grpcClients();

const INFER = '/inference.GRPCInferenceService/ModelInfer';

describe('the rate of an API key', () => {
  it('is that of all its calls, and a refusal says when to retry', async () => {
    const file = join(tempFolder(), 'keys');
    const line = (key: string): string => createHash('sha256').update(key).digest('hex');
    writeFileSync(file, `${line('slow')} team-a rate=2/h\n${line('fast')} team-b\n`);
    const live = await stub.start({}, { API_KEYS_FILE: file });
    const { infer } = connect(live);
    const request = await inferRequest(['a']);
    const ask = (key: string) => infer(request, { metadata: { 'x-api-key': key } }).answer;
    expect([(await ask('slow')).code, (await ask('slow')).code]).toEqual([codes.OK, codes.OK]);
    const refused = await ask('slow');
    expect([refused.code, refused.trailers['problem']]).toEqual([codes.RESOURCE_EXHAUSTED, 'rate-limited']);
    expect(Number(refused.trailers['retry-after'])).toBeGreaterThan(60);
    // REST counts into the same rate.
    const rest = await fetch(`${live.url}/predict`, { method: 'POST', headers: { 'x-api-key': 'slow' } });
    expect(rest.status).toBe(429);
    expect((await ask('fast')).code).toBe(codes.OK);
    const counted = (key: string, outcome: string): Promise<number> =>
      metric(live.adminUrl, `ofa_ve_api_key_requests_total{api_key="${key}",outcome="${outcome}"}`);
    expect([await counted('team-a', 'answered'), await counted('team-b', 'answered')]).toEqual([2, 1]);
    expect(await counted('team-a', 'refused')).toBe(2);
  });
});

describe('behind a trusted proxy', () => {
  it('one address leaves the others their share of the queue', async () => {
    const live = await stub.start({ runMs: 400 }, { TRUSTED_PROXIES: '127.0.0.1', MAX_QUEUE: 4, MAX_BATCH: 1 });
    const { infer } = connect(live);
    const request = await inferRequest(['a']);
    const ask = (address: string) => infer(request, { metadata: { 'x-forwarded-for': address } }).answer;
    const many = Array.from({ length: 4 }, () => ask('203.0.113.1'));
    const load = (): Promise<number> => metric(live.adminUrl, 'ofa_ve_queue_items');
    await until('the queue is full', async () => (await load()) >= 3);
    expect((await ask('203.0.113.2')).code).toBe(codes.RESOURCE_EXHAUSTED);
    await Promise.race(many);
    // There is room again, but the first address already holds more than its half.
    const [again, other] = await Promise.all([ask('203.0.113.1'), ask('203.0.113.2')]);
    expect([again.code, again.trailers['problem']]).toEqual([codes.RESOURCE_EXHAUSTED, 'overloaded']);
    expect(other.code).toBe(codes.OK);
    expect((await Promise.all(many)).map(({ code }) => code)).toEqual(many.map(() => codes.OK));
  });
});

describe('tracing', () => {
  it('exports a span under the caller’s', async () => {
    await using collector = await OtlpCollector.start();
    const live = await stub.start({}, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint });
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const metadata = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };
    const { code } = await connect(live).infer(await inferRequest(['a']), { metadata }).answer;
    expect(code).toBe(codes.OK);
    await live.stop();
    const server = collector.named(INFER.slice(1));
    expect([server.traceId, server.parentSpanId]).toEqual([traceId, 'b7ad6b7169203331']);
    expect(attributesOf(server)).toMatchObject({
      'rpc.system.name': 'grpc',
      'rpc.method': INFER.slice(1),
      'rpc.response.status_code': 'OK',
    });
    expect(attributesOf(server)).not.toHaveProperty('http.request.method');
    expect(collector.named('inference').parentSpanId).toBe(server.spanId);
  });

  it('names the problem of a call about the model', async () => {
    await using collector = await OtlpCollector.start();
    const live = await stub.start({}, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint });
    const { code } = await connect(live).call('ModelMetadata', { name: 'other' }).answer;
    expect(code).toBe(codes.NOT_FOUND);
    await live.stop();
    const span = collector.named('inference.GRPCInferenceService/ModelMetadata');
    expect(attributesOf(span)).toMatchObject({ 'rpc.response.status_code': 'NOT_FOUND', 'error.type': 'not-found' });
  });
});
