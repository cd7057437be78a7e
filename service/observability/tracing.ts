import { tracesUrl, type TracesSettings } from '../settings/traces.ts';
import type { Logger } from './logger.ts';
import type { OtelTracing } from './otel-tracing.ts';

export type Tracing = OtelTracing;

/**
 * Starts tracing if a collector is configured. OpenTelemetry is loaded only then, so that it costs nothing otherwise. It
 * also reads variables itself: OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER, OTEL_PROPAGATORS, limits,
 * and the headers, timeout, compression and certificates of OTEL_EXPORTER_OTLP.
 *
 * @param logger gets warnings about wrong values of these, and about lost traces
 */
export async function startTracing(settings: TracesSettings, logger: Logger): Promise<Tracing | undefined> {
  const url = tracesUrl(settings);
  if (url === undefined) return undefined;
  const { OtelTracing } = await import('./otel-tracing.ts');
  return new OtelTracing(url, logger);
}

/** Version, trace id, parent id and flags, none of which may be invalid, and what versions after 00 may add. */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/;

/** The trace id of a W3C `traceparent` header, for the log even if this service does not trace. */
export function traceIdOf(traceparent: string | undefined): string | undefined {
  const [, version, traceId, more] = TRACEPARENT.exec(traceparent ?? '') ?? [];
  return version === '00' && more !== undefined ? undefined : traceId;
}
