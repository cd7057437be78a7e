import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Context,
  type Span,
  type TextMapGetter,
  type Tracer,
} from '@opentelemetry/api';
import { getStringListFromEnv, W3CTraceContextPropagator } from '@opentelemetry/core';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { version } from '../../model/version.ts';
import { UNMATCHED, type RequestRecord, type RequestSummary } from './request-record.ts';
import type { BatchRecord, StageObserver } from '../inference/observer.ts';
import type { Logger } from './logger.ts';
import { LossReportingExporter, reportLosses, reportWrongVariables } from './otel-exporter.ts';
import { TraceLoss } from './trace-loss.ts';

const HEADERS: TextMapGetter<Headers> = {
  get: (headers, name) => headers.get(name) ?? undefined,
  keys: (headers) => [...headers.keys()],
};

/** The statuses of gRPC that are errors of a server, by OpenTelemetry's conventions. */
const GRPC_FAILURES = new Set<string | number>([
  'UNKNOWN',
  'DEADLINE_EXCEEDED',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
]);

/** A collector that does not answer must not delay the service's exit for longer. */
const FLUSH_MS = 500;

const PROPAGATORS = ['tracecontext', 'baggage', 'none'];

/**
 * By how much the system's clock may run away from that of `performance` before spans follow it: it is stepped when a
 * machine learns the time, and goes on while a machine sleeps.
 */
const MAX_DRIFT_MS = 10;

interface Traced {
  readonly span: Span;
  readonly context: Context;
  /** The time at which the clock of `performance` was 0, for all spans of the request. */
  readonly originMs: number;
}

/** Records requests and engine runs as OpenTelemetry spans, which are sent as OTLP over HTTP. */
export class OtelTracing {
  readonly #loss: TraceLoss;
  readonly #provider: BasicTracerProvider;
  readonly #tracer: Tracer;
  readonly #propagator = new W3CTraceContextPropagator();
  readonly #continuesTraces: boolean;
  #originMs = performance.timeOrigin;
  /** Spans of open requests, and of finished ones to which a batch still refers. */
  readonly #traced = new WeakMap<StageObserver, Traced>();

  /** @param url where to send the spans; their host's name is that of the pod in Kubernetes */
  constructor(url: string, logger: Logger) {
    const warn = (detail: string): void => {
      logger.warn({ detail }, 'a variable of OpenTelemetry is ignored');
    };
    reportWrongVariables(warn);
    const own = { 'service.name': 'ofa-ve', 'service.version': version, 'host.name': hostname() };
    const resource = defaultResource()
      .merge(resourceFromAttributes(own))
      .merge(detectResources({ detectors: [envDetector] }));
    this.#loss = new TraceLoss(logger, url);
    this.#provider = new BasicTracerProvider({
      resource,
      spanProcessors: [new BatchSpanProcessor(new LossReportingExporter(url, this.#loss))],
    });
    this.#tracer = this.#provider.getTracer('ofa-ve', version);
    this.#continuesTraces = continuesTraces(warn);
    reportLosses(this.#loss);
  }

  /**
   * Starts a request's span, as a child of the one in its `traceparent` header.
   *
   * @returns the trace's id, and the value of W3C's response header `traceresponse`
   */
  begin(
    request: Pick<Request, 'method' | 'url' | 'headers'>,
    record: RequestRecord,
  ): { traceId: string; response: string } {
    const parent = this.#continuesTraces
      ? this.#propagator.extract(ROOT_CONTEXT, request.headers, HEADERS)
      : ROOT_CONTEXT;
    const { pathname, protocol } = new URL(request.url);
    const [name, attributes] =
      record.protocol === 'grpc'
        ? [pathname.slice(1), { 'rpc.system.name': 'grpc', 'rpc.method': pathname.slice(1) }]
        : [
            request.method,
            { 'http.request.method': request.method, 'url.path': pathname, 'url.scheme': protocol.slice(0, -1) },
          ];
    const originMs = this.#origin();
    const startTime = originMs + record.startMs;
    const span = this.#tracer.startSpan(name, { kind: SpanKind.SERVER, attributes, startTime }, parent);
    this.#traced.set(record, { span, context: trace.setSpan(parent, span), originMs });
    const { traceId, spanId, traceFlags } = span.spanContext();
    const flags = traceFlags.toString(16).padStart(2, '0');
    return { traceId, response: `00-${traceId}-${spanId}-${flags}` };
  }

  /** Ends a request's span and adds a child span for each of its stages. */
  end({ record, method, route, status, requestId, problem }: RequestSummary): void {
    const traced = this.#traced.get(record);
    if (traced === undefined) return;
    const { span, context, originMs } = traced;
    const { grpc_status: grpcStatus, ...attributes } = record.attributes;
    const isError = grpcStatus === undefined ? status >= 500 : GRPC_FAILURES.has(grpcStatus);
    for (const { name, startMs, endMs, failed } of record.stages) {
      const child = this.#tracer.startSpan(name, { startTime: originMs + startMs }, context);
      // What is wrong with a picture is no error of the service, and what its client has given up is none either.
      if (failed && isError) child.setStatus({ code: SpanStatusCode.ERROR });
      child.end(originMs + endMs);
    }
    if (grpcStatus === undefined) {
      if (method !== undefined && route !== UNMATCHED)
        span.updateName(`${method} ${route}`).setAttribute('http.route', route);
      span.setAttribute('http.response.status_code', status);
    } else span.setAttribute('rpc.response.status_code', grpcStatus);
    span.setAttribute('ofa_ve.request_id', requestId);
    for (const [name, value] of Object.entries(attributes)) span.setAttribute(`ofa_ve.${name}`, value);
    if (problem !== undefined) span.setAttribute('error.type', problem.problem);
    if (isError) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(originMs + performance.now());
  }

  /** Records a run of an engine as a span that is linked to the requests in it. */
  batch({ startMs, endMs, items, pictures, length, failed, requests }: BatchRecord): void {
    // Requests whose caller opted out of sampling have no trace to link to.
    const links = requests
      .flatMap((request) => this.#traced.get(request)?.span.spanContext() ?? [])
      .filter(({ traceFlags }) => (traceFlags & TraceFlags.SAMPLED) !== 0)
      .map((context) => ({ context }));
    if (links.length === 0) return;
    const span = this.#tracer.startSpan(
      'engine run',
      {
        startTime: this.#originMs + startMs,
        links,
        attributes: { 'ofa_ve.items': items, 'ofa_ve.pictures': pictures, 'ofa_ve.length': length },
      },
      ROOT_CONTEXT,
    );
    if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(this.#originMs + endMs);
  }

  #origin(): number {
    const originMs = Date.now() - performance.now();
    // Otherwise as it was: `Date.now` knows no parts of a millisecond.
    if (Math.abs(originMs - this.#originMs) > MAX_DRIFT_MS) this.#originMs = originMs;
    return this.#originMs;
  }

  /** Sends the remaining spans. */
  async close(): Promise<void> {
    const late = sleep(FLUSH_MS, 'late' as const, { ref: false });
    // The exporter has reported why a span was not sent.
    const sent = this.#provider.shutdown().catch(() => undefined);
    if ((await Promise.race([sent, late])) === 'late') {
      this.#loss.report(`did not accept the last ones within ${FLUSH_MS} ms`);
    }
    this.#loss.close();
  }
}

/** Whether the header `traceparent` counts (OTEL_PROPAGATORS). No baggage is read, so that its propagator does nothing. */
function continuesTraces(warn: (detail: string) => void): boolean {
  const names = getStringListFromEnv('OTEL_PROPAGATORS') ?? [];
  const known = names.filter((name) => PROPAGATORS.includes(name));
  for (const name of names.filter((each) => !known.includes(each))) {
    warn(`OTEL_PROPAGATORS has "${name}", but must hold only ${PROPAGATORS.join(', ')}.`);
  }
  return known.length === 0 || known.includes('tracecontext');
}
