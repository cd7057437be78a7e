import type { BatchRecord, RequestObserver } from '../inference/observer.ts';
import type { RequestSummary } from '../http/observe.ts';

/** Follows requests through the service as spans. */
export interface Tracing {
  /**
   * Begins a request's span, below the one that its `traceparent` names.
   *
   * @returns what identifies the span, for the log and the answer
   */
  begin(request: Request, observer: RequestObserver): TraceIdentity;
  /** Ends a request's span, with a span for each of its stages. */
  end(summary: RequestSummary): void;
  /** Writes a span for a run of the engine, linked to the requests in it. */
  batch(record: BatchRecord): void;
  /** Sends what is left. */
  close(): Promise<void>;
}

export interface TraceIdentity {
  readonly traceId: string;
  /** W3C's `traceresponse`. */
  readonly response: string;
}

/**
 * Starts tracing. OpenTelemetry is loaded only here, so that a service without a collector pays nothing for it. What
 * else its own variables say (OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_EXPORTER_OTLP_HEADERS, the sampler)
 * holds as well.
 *
 * @param endpoint OTEL_EXPORTER_OTLP_ENDPOINT; nothing is traced where it is empty
 */
export async function startTracing(endpoint: string): Promise<Tracing | undefined> {
  if (endpoint === '') return undefined;
  const { OtelTracing } = await import('./otel-tracing.ts');
  return new OtelTracing(endpoint);
}

/** The trace id of a W3C `traceparent` header, with or without tracing of one's own. */
export function traceIdOf(traceparent: string | undefined): string | undefined {
  return /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/.exec(traceparent ?? '')?.[1];
}
