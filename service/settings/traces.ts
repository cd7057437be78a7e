import type { Settings } from './definitions.ts';

/** The settings that say whether and where traces are sent. */
export type TracesSettings = Pick<
  Settings,
  'OTEL_EXPORTER_OTLP_ENDPOINT' | 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT' | 'OTEL_SDK_DISABLED' | 'OTEL_TRACES_EXPORTER'
>;

/** Path of traces below a collector's address, as the OTLP specification defines it. */
const TRACES_PATH = 'v1/traces';
/** The address that the OTLP specification defines for OTEL_TRACES_EXPORTER=otlp without an address. */
const DEFAULT_ENDPOINT = 'http://localhost:4318';

/** Values of OTEL_EXPORTER_OTLP_PROTOCOL for which the service can send traces. */
export const OTLP_PROTOCOLS: readonly string[] = ['http/protobuf', 'http/json'];

/** Where traces are sent; undefined if they are not. */
export function tracesUrl(settings: TracesSettings): string | undefined {
  const { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, OTEL_TRACES_EXPORTER } = settings;
  if (settings.OTEL_SDK_DISABLED === 'true' || OTEL_TRACES_EXPORTER === 'none') return undefined;
  if (OTEL_EXPORTER_OTLP_TRACES_ENDPOINT !== '') return OTEL_EXPORTER_OTLP_TRACES_ENDPOINT;
  const endpoint = OTEL_EXPORTER_OTLP_ENDPOINT || (OTEL_TRACES_EXPORTER === 'otlp' ? DEFAULT_ENDPOINT : '');
  if (endpoint === '') return undefined;
  return new URL(TRACES_PATH, endpoint.endsWith('/') ? endpoint : `${endpoint}/`).href;
}

/** The protocol for traces, and the setting that it comes from; undefined if none is set. */
export function otlpProtocol(settings: Settings) {
  const names = ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL'] as const;
  const name = names.find((each) => settings[each] !== '');
  return name === undefined ? undefined : { name, value: settings[name].toLowerCase() };
}
