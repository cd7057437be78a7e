import { once } from 'node:events';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HttpProblem } from '../../../service/requests/problem.ts';
import { UNMATCHED, RequestRecord } from '../../../service/observability/request-record.ts';
import type { StageObserver } from '../../../service/inference/observer.ts';
import { startTracing, type Tracing } from '../../../service/observability/tracing.ts';
import { DEFAULT_SETTINGS } from '../../../service/contract.ts';
import { tracesUrl, type TracesSettings } from '../../../service/settings/traces.ts';
import { until } from '../../e2e/client.ts';
import { logInMemory, type Log } from '../../../testing/logging.ts';
import { attributesOf, OtlpCollector, STATUS_ERROR } from '../../../testing/otlp-collector.ts';

const NOWHERE: TracesSettings = DEFAULT_SETTINGS;
const SAMPLED = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const NOT_SAMPLED = '00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';

let collector: OtlpCollector;
let tracing: Tracing | undefined;
let log: Log;

beforeEach(async () => {
  collector = await OtlpCollector.start();
  log = logInMemory();
  // What has ended is sent at once.
  vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '1');
});
afterEach(async () => {
  await tracing?.close();
  vi.unstubAllEnvs();
  await collector[Symbol.asyncDispose]();
});

async function traceTo(endpoint: string): Promise<Tracing> {
  tracing = await startTracing({ ...NOWHERE, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }, log.logger);
  return tracing ?? expect.fail();
}

interface Traced {
  readonly traceparent?: string;
  readonly path?: string;
  readonly route?: string;
  readonly status?: number;
}

/** Begins a request; gives its record and what ends it. */
function begin(to: Tracing, { traceparent, path = '/predict', route = path, status = 200 }: Traced = {}) {
  const record = new RequestRecord();
  const headers = traceparent === undefined ? {} : { traceparent };
  to.begin(new Request(`http://localhost:8000${path}?key=secret`, { method: 'POST', headers }), record);
  const end = (): void => {
    const problem = status >= 500 ? new HttpProblem('deadline-exceeded', 'late') : undefined;
    to.end({ method: 'POST', route, status, requestId: 'a', record, problem });
  };
  return { record, end };
}

function runBatch(to: Tracing, requests: readonly StageObserver[], failed = false): void {
  to.batch({ startMs: 0, endMs: 1, items: 1, pictures: 1, length: 12, failed, requests });
}

async function spansNamed(...names: string[]): Promise<void> {
  await until(`there are ${names.join(', ')}`, () =>
    names.every((name) => collector.spans.some((span) => span.name === name)),
  );
}

describe('the span of a request', () => {
  it("has the attributes of the HTTP conventions, and the service's own with a prefix", async () => {
    const to = await traceTo(collector.endpoint);
    const { record, end } = begin(to, { path: '/v2/models/a/infer', route: '/v2/models/:name/infer' });
    record.attributes['texts'] = 2;
    record.attributes['text_hash'] = '0123';
    end();
    await spansNamed('POST /v2/models/:name/infer');
    expect(attributesOf(collector.named('POST /v2/models/:name/infer'))).toEqual({
      'http.request.method': 'POST',
      'http.route': '/v2/models/:name/infer',
      'http.response.status_code': 200,
      'url.path': '/v2/models/a/infer',
      'url.scheme': 'http',
      'ofa_ve.request_id': 'a',
      'ofa_ve.texts': 2,
      'ofa_ve.text_hash': '0123',
    });
  });

  it('has no route if none matches, and is named after the method', async () => {
    begin(await traceTo(collector.endpoint), { path: '/nothing', route: UNMATCHED, status: 404 }).end();
    await spansNamed('POST');
    const attributes = attributesOf(collector.named('POST'));
    expect(attributes).not.toHaveProperty(['http.route']);
    expect(attributes).toMatchObject({ 'url.path': '/nothing', 'http.response.status_code': 404 });
    expect(collector.named('POST').status.code).not.toBe(STATUS_ERROR);
  });

  it.each([504, 422, 499])('is an error if the service failed (%d), as is the stage', async (status) => {
    const { record, end } = begin(await traceTo(collector.endpoint), { status });
    record.stage({ name: 'preprocess', startMs: 1, endMs: 2 });
    record.stage({ name: 'queue', startMs: 2, endMs: 3, failed: true });
    end();
    await spansNamed('POST /predict');
    const server = collector.named('POST /predict');
    expect(attributesOf(server)['error.type']).toBe(status === 504 ? 'deadline-exceeded' : undefined);
    const failed = collector.spans.filter((span) => span.status.code === STATUS_ERROR);
    expect(failed.map(({ name }) => name).sort()).toEqual(status === 504 ? ['POST /predict', 'queue'] : []);
    expect(collector.named('queue').parentSpanId).toBe(server.spanId);
  });
});

describe('the span of a run of the engine', () => {
  it('is not recorded if no caller samples its trace', async () => {
    const to = await traceTo(collector.endpoint);
    const unwanted = begin(to, { traceparent: NOT_SAMPLED });
    runBatch(to, [unwanted.record]);
    unwanted.record.stage({ name: 'queue', startMs: 1, endMs: 2 });
    unwanted.end();
    const wanted = begin(to, { traceparent: SAMPLED });
    wanted.end();
    await spansNamed('POST /predict');
    await to.close();
    expect(collector.spans.map(({ name }) => name)).toEqual(['POST /predict']);
  });

  it('is linked to the requests that are traced', async () => {
    const to = await traceTo(collector.endpoint);
    const requests = [NOT_SAMPLED, SAMPLED].map((traceparent) => begin(to, { traceparent }).record);
    runBatch(to, requests, true);
    await spansNamed('engine run');
    const { links = [], status } = collector.named('engine run');
    expect(links.map(({ traceId }) => traceId)).toEqual([SAMPLED.split('-')[1]]);
    expect(status.code).toBe(STATUS_ERROR);
  });
});

describe('where spans are sent', () => {
  it('can be set for traces only', async () => {
    const endpoint = `${collector.endpoint}/v1/traces`;
    tracing = await startTracing(
      {
        ...NOWHERE,
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint,
      },
      log.logger,
    );
    begin(tracing ?? expect.fail()).end();
    await spansNamed('POST /predict');
    expect(collector.spans).toHaveLength(1);
  });

  it('is nowhere if nothing is set, or OpenTelemetry or its exporter is disabled', async () => {
    expect(await startTracing(NOWHERE, log.logger)).toBeUndefined();
    const endpoint = { ...NOWHERE, OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint };
    expect(await startTracing({ ...endpoint, OTEL_SDK_DISABLED: 'true' }, log.logger)).toBeUndefined();
    expect(await startTracing({ ...endpoint, OTEL_TRACES_EXPORTER: 'none' }, log.logger)).toBeUndefined();
  });

  it("is the specification's address if the exporter is set and no address", () => {
    expect(tracesUrl({ ...NOWHERE, OTEL_TRACES_EXPORTER: 'otlp' })).toBe('http://localhost:4318/v1/traces');
    const address = { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://a.example/otlp/' };
    expect(tracesUrl({ ...NOWHERE, ...address, OTEL_TRACES_EXPORTER: 'otlp' })).toBe(
      'https://a.example/otlp/v1/traces',
    );
  });
});

describe('variables that OpenTelemetry reads itself', () => {
  it.each([
    ['always_off', [], 0],
    ['parentbased_always_off', [], 0],
    ['traceidratio', ['0'], 0],
    ['parentbased_traceidratio', ['1'], 1],
    ['always_on', [], 1],
  ])('sample by %s %o', async (sampler, [argument = ''], sampled) => {
    vi.stubEnv('OTEL_TRACES_SAMPLER', sampler);
    vi.stubEnv('OTEL_TRACES_SAMPLER_ARG', argument);
    const to = await traceTo(collector.endpoint);
    begin(to).end();
    await to.close();
    expect(collector.spans).toHaveLength(sampled);
    expect(log.lines()).toEqual([]);
  });

  it('name the service and its resource, the name of its own variable first', async () => {
    vi.stubEnv('OTEL_SERVICE_NAME', 'judge');
    vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'service.name=other,deployment.environment.name=a%20b');
    vi.stubEnv('OTEL_TRACES_SAMPLER', '');
    begin(await traceTo(collector.endpoint)).end();
    await spansNamed('POST /predict');
    const attributes = collector.received[0]?.resourceSpans[0]?.resource.attributes ?? [];
    expect(attributes).toContainEqual({ key: 'service.name', value: { stringValue: 'judge' } });
    expect(attributes).toContainEqual({ key: 'deployment.environment.name', value: { stringValue: 'a b' } });
  });

  it('set headers, those for traces first', async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'x-a=all,x-b=all');
    vi.stubEnv('OTEL_EXPORTER_OTLP_TRACES_HEADERS', 'x-b=traces');
    begin(await traceTo(collector.endpoint)).end();
    await spansNamed('POST /predict');
    expect(collector.headers[0]).toMatchObject({ 'x-a': 'all', 'x-b': 'traces' });
  });

  it('decide whether the trace of a caller is continued', async () => {
    const traceId = SAMPLED.split('-')[1];
    for (const [propagators, continued] of [
      ['none', false],
      ['baggage', false],
      ['tracecontext,baggage', true],
    ] as const) {
      vi.stubEnv('OTEL_PROPAGATORS', propagators);
      const to = await traceTo(collector.endpoint);
      const request = new Request('http://a/predict', { method: 'POST', headers: { traceparent: SAMPLED } });
      expect(to.begin(request, new RequestRecord()).traceId === traceId, propagators).toBe(continued);
      await to.close();
    }
  });

  it.each([
    ['OTEL_TRACES_SAMPLER', 'jaeger_remote', 'OTEL_TRACES_SAMPLER value "jaeger_remote" invalid'],
    ['OTEL_EXPORTER_OTLP_TIMEOUT', '10s', "Unknown value '10s' for OTEL_EXPORTER_OTLP_TIMEOUT"],
    ['OTEL_EXPORTER_OTLP_COMPRESSION', 'zstd', 'OTEL_EXPORTER_OTLP_COMPRESSION is invalid'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'a', 'Invalid format for OTEL_RESOURCE_ATTRIBUTES: "a"'],
    ['OTEL_PROPAGATORS', 'b3', 'OTEL_PROPAGATORS has "b3", but must hold only tracecontext, baggage, none.'],
    ['OTEL_BSP_MAX_QUEUE_SIZE', 'many', "Unknown value 'many' for OTEL_BSP_MAX_QUEUE_SIZE"],
  ])('are ignored with a warning if they are wrong: %s', async (name, value, sentence) => {
    vi.stubEnv(name, value);
    begin(await traceTo(collector.endpoint)).end();
    await spansNamed('POST /predict');
    const warnings = log.lines().map(({ msg, detail }) => [msg, detail]);
    expect(warnings).toEqual([['a variable of OpenTelemetry is ignored', expect.stringContaining(sentence)]]);
  });
});

describe('lost spans are logged', () => {
  const warnings = (): (readonly [unknown, string])[] =>
    log.lines().map(({ msg, detail }) => [msg, String(detail)] as const);
  const warned = (): Promise<void> => until('there is a warning', () => warnings().length > 0);

  it('when the address belongs to another server', async () => {
    collector.answers = [{ status: 404, body: 'no' }];
    const to = await traceTo(`${collector.endpoint}/elsewhere/`);
    begin(to).end();
    await warned();
    const detail = `The collector ${collector.endpoint}/elsewhere/v1/traces answered 404 Not Found. It must accept OTLP over HTTP, usually on port 4318; port 4317 is for gRPC.`;
    expect(warnings()).toEqual([['traces are lost', detail]]);
  });

  it('when the port is that of gRPC', async () => {
    const grpc = createServer().listen(0, '127.0.0.1');
    await once(grpc, 'listening');
    begin(await traceTo(`http://127.0.0.1:${(grpc.address() as AddressInfo).port}`)).end();
    await warned();
    grpc.close();
    expect(warnings()[0]?.[1]).toMatch(/ cannot be reached: \S.* port 4317 is for gRPC\.$/);
  });

  it('when the server accepts anything without understanding it', async () => {
    collector.answers = [{ status: 200, body: '<html>' }];
    begin(await traceTo(collector.endpoint)).end();
    await warned();
    expect(warnings()[0]?.[1]).toContain('may not have received all of them');
  });

  it('when the collector rejects some of them', async () => {
    collector.answers = [{ status: 200, body: '{"partialSuccess":{"rejectedSpans":"1","errorMessage":"full"}}' }];
    begin(await traceTo(collector.endpoint)).end();
    await warned();
    expect(warnings()[0]?.[1]).toContain('"errorMessage":"full"');
  });

  it('at the end, when they could not be sent in time', async () => {
    vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '60000');
    const to = await traceTo('http://127.0.0.1:9');
    begin(to).end();
    await to.close();
    expect(warnings()).toHaveLength(1);
  });

  it('at the end, when the warning was held back', async () => {
    collector.answers = [{ status: 404, body: 'no' }];
    const to = await traceTo(collector.endpoint);
    begin(to).end();
    await warned();
    begin(to).end();
    await to.close();
    expect(warnings()).toHaveLength(2);
  });

  it('and no others', async () => {
    const to = await traceTo(collector.endpoint);
    begin(to).end();
    await until('it is sent', () => collector.answered === 1);
    begin(to).end();
    // Begun when the first was done with.
    await until('the next one is sent', () => collector.answered === 2);
    expect(warnings()).toEqual([]);
  });
});
