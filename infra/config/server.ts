import { z } from 'zod';
import {
  checkSetting,
  DEFAULT_SETTINGS,
  SETTINGS,
  type Setting,
  type SettingName,
  type Settings,
} from '../../service/contract.ts';
import { absolutePath, anyText, dataKey, decimal, field, objectName, shortName, text, whole } from './fields.ts';

/** Settings that the deployment fills in, and what each follows from. */
export const FILLED_IN = {
  MODEL_DIR: 'model.source (a package in the image is found without it)',
  HOST: 'the pod, on all of whose addresses the service listens',
  DEVICE: 'gpu.kind',
  ENGINE_THREADS: 'resources.limits.cpu',
  API_KEYS_FILE: 'server.apiKeys',
  TRUSTED_PROXIES: 'exposure.trustedProxies',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'observability.tracing.endpoint',
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'observability.tracing.endpoint',
} as const satisfies Partial<Record<SettingName, string>>;

type FilledIn = keyof typeof FILLED_IN;

/** Values for the service's settings, named as in service/contract.ts; what is left out keeps its default. */
export type ServiceSettings = Partial<Omit<Settings, FilledIn>>;

/** All settings of the service, those that the configuration leaves out with their defaults. */
export function withDefaults(settings: ServiceSettings): Settings {
  return { ...DEFAULT_SETTINGS, ...settings };
}

function settingField(name: string, setting: Setting) {
  if (name in FILLED_IN)
    return field<never>(() => false, `left out, as it follows from ${FILLED_IN[name as FilledIn]}`);
  const accepts = (value: unknown): boolean => checkSetting(setting, value) === undefined;
  return z.unknown().superRefine((value, context) => {
    const mustBe = checkSetting(setting, value);
    if (mustBe !== undefined) context.addIssue({ code: 'custom', message: mustBe, params: { accepts } });
  });
}

const settingsShape = Object.fromEntries(
  Object.entries<Setting>(SETTINGS).map(([name, setting]) => [name, settingField(name, setting).optional()]),
);

// The shape is built from the contract, so its type has to be written beside it.
const settings = z.strictObject(settingsShape) as unknown as z.ZodType<ServiceSettings, ServiceSettings>;

/** A key of a Secret that exists already. */
const secretKey = z.strictObject({
  /** Name of the Secret in the deployment's namespace. */
  secretName: objectName,
  /** Key of the Secret. */
  key: dataKey,
});

const ofaServer = z.strictObject({
  /** The service of this repository, whose ports, paths and metrics service/contract.ts defines. */
  kind: z.literal('ofa-ve'),
  /** Settings of the service, by name. Those that follow from other fields (`HOST`, ...) are refused. @default {} */
  settings,
  /**
   * Secret with one API key per line, re-read when it changes: its SHA-256, and optionally the name of its client and a
   * rate per pod, such as `9f86...0a08 team-a rate=10/s`.
   *
   * @default no key is needed
   */
  apiKeys: secretKey.optional(),
});

const metricName = text(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/, 'the name of a Prometheus metric');
const labelFilter = text(
  /^([a-zA-Z_]\w*(=|!=|=~|!~)"[^"]*")?(,[a-zA-Z_]\w*(=|!=|=~|!~)"[^"]*")*$/,
  'Prometheus label matchers such as status=~"5..", separated by commas, or empty',
);

const serverMetrics = z.strictObject({
  /** Counter of answered requests. */
  requests: metricName,
  /** Label matchers that select the series of `requests` to count; empty for all. */
  requestFilter: labelFilter,
  /**
   * Label matchers that select those among them that the service owes an answer, failed ones included: the availability
   * objective and scaling count no others, such as requests that their clients have spoilt. Empty for all.
   */
  owedFilter: labelFilter,
  /** Label matchers that select the failed requests among those. */
  errorFilter: labelFilter,
  /** Histogram of the latency in seconds, without `_bucket`. */
  latency: metricName,
  /** Label matchers that select the series of `latency` to count; empty for all. */
  latencyFilter: labelFilter,
  /** Upper bounds of the histogram's buckets in seconds; the latency objective must be one of them. */
  latencyBucketsSeconds: z.array(decimal(0, 86_400)),
  /** A metric that exists before the first request: if it is absent, the pods are not scraped. */
  always: metricName,
  /** Gauges whose sum is the number of items that a pod has accepted and not answered. */
  load: z.array(metricName),
});

const otherServer = z.strictObject({
  /** Any other inference server, whose image the fields below describe. */
  kind: z.literal('other'),
  /** Name of the program, for the label `app.kubernetes.io/name`. */
  appName: shortName,
  /** Replaces the image's entry point; empty to keep it. */
  command: z.array(anyText),
  /** Arguments of the entry point. */
  args: z.array(anyText),
  /** Ports on which the server listens; both may be the same. */
  ports: z.strictObject({
    /** Port for requests and probes. */
    http: whole(1, 65_535),
    /** Port for metrics. */
    admin: whole(1, 65_535),
  }),
  /** Paths of the probes and of the metrics. */
  paths: z.strictObject({
    /** Path that answers 200 once the server has started. */
    startup: absolutePath,
    /** Path that answers 200 while the server is alive. */
    live: absolutePath,
    /** Path that answers 200 while the server takes requests. */
    ready: absolutePath,
    /** Path of the metrics in Prometheus' format. */
    metrics: absolutePath,
  }),
  /** The server's metrics that alerts, scaling and dashboard use. */
  metrics: serverMetrics,
  /** Items that a pod accepts before it refuses or slows down; the saturation alert is relative to it. */
  capacityItems: whole(1, 1_000_000),
  /** Longest time from the container's start to ready. */
  startSeconds: whole(1, 7200),
  /** Longest time a request may take. */
  requestSeconds: whole(1, 7200),
  /** Longest time from SIGTERM to exit; at least `requestSeconds`. */
  drainSeconds: whole(1, 7200),
  /** Command that waits before SIGTERM on clusters without the `sleep` action (before 1.30); `$SECONDS` is replaced. */
  preStopCommand: z.array(anyText).min(1, 'a command of at least one word'),
});

export const serverSchema = z.discriminatedUnion('kind', [ofaServer, otherServer]);

/** A server other than this repository's. */
export type OtherServer = z.infer<typeof otherServer>;
