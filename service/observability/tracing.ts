import type { BatchRecord, RequestObserver } from '../inference/observer.ts';
import type { RequestSummary } from '../http/observe.ts';
import type { Settings } from '../config.ts';
import type { Logger } from './logger.ts';

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

/** The settings that say where traces go. */
export type TracingSettings = Pick<
  Settings,
  'OTEL_EXPORTER_OTLP_ENDPOINT' | 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT' | 'OTEL_SDK_DISABLED'
>;

/** The signal's path below a collector's address, from the OTLP specification. */
const TRACES_PATH = 'v1/traces';

/**
 * Starts tracing, where a collector is named. OpenTelemetry is loaded only here, so that a service without one pays
 * nothing for it. What else its own variables say (OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES,
 * OTEL_EXPORTER_OTLP_HEADERS, the sampler) holds as well.
 *
 * @param logger hears of traces that are lost
 */
export async function startTracing(settings: TracingSettings, logger: Logger): Promise<Tracing | undefined> {
  const url = tracesUrl(settings);
  if (url === undefined) return undefined;
  const { OtelTracing } = await import('./otel-tracing.ts');
  return new OtelTracing(url, logger);
}

function tracesUrl(settings: TracingSettings): string | undefined {
  if (settings.OTEL_SDK_DISABLED === 'true') return undefined;
  if (settings.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT !== '') return settings.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT;
  const endpoint = settings.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (endpoint === '') return undefined;
  return new URL(TRACES_PATH, endpoint.endsWith('/') ? endpoint : `${endpoint}/`).href;
}

/** The trace id of a W3C `traceparent` header, with or without tracing of one's own. */
export function traceIdOf(traceparent: string | undefined): string | undefined {
  return /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/.exec(traceparent ?? '')?.[1];
}
