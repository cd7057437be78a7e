import type { Settings } from '../settings/read.ts';
import type { Logger } from './logger.ts';
import type { Tracing } from './tracing-types.ts';

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
