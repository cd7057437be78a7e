import type { Settings } from '../settings/read.ts';
import type { Logger } from './logger.ts';
import type { OtelTracing } from './otel-tracing.ts';

export type Tracing = OtelTracing;

/** The settings that configure tracing. */
export type TracingSettings = Pick<
  Settings,
  'OTEL_EXPORTER_OTLP_ENDPOINT' | 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT' | 'OTEL_SDK_DISABLED'
>;

/** Path of the traces signal below a collector's address, as the OTLP specification defines it. */
const TRACES_PATH = 'v1/traces';

/**
 * Starts tracing if a collector is configured. OpenTelemetry is loaded only then, so that it costs nothing otherwise. It
 * also reads its own variables (OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_EXPORTER_OTLP_HEADERS, the sampler).
 *
 * @param logger gets a warning when traces are lost
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

/** The trace id of a W3C `traceparent` header, for the log even if this service does not trace. */
export function traceIdOf(traceparent: string | undefined): string | undefined {
  return /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/.exec(traceparent ?? '')?.[1];
}
