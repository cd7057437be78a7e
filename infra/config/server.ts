import { z } from 'zod';
import { checkSetting, DEFAULT_SETTINGS, SETTINGS } from '../../service/contract.ts';
import type { Setting, SettingName, Settings } from '../../service/contract.ts';
import {
  absolutePath,
  anyText,
  decimal,
  environment,
  field,
  flag,
  memory,
  objectName,
  shortName,
  text,
  whole,
} from './fields.ts';

/** Settings that the deployment fills in, and what each follows from. */
export const FILLED_IN = {
  MODEL_DIR: 'model.source (a package in the image is found without it)',
  HOST: 'the pod, on all of whose addresses the service listens',
  DEVICE: 'gpu.kind',
  ENGINE_THREADS: 'resources.limits.cpu',
  API_KEYS_FILE: 'server.apiKeys',
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
  return z.unknown().superRefine((value, context) => {
    const mustBe = checkSetting(setting, value);
    if (mustBe !== undefined) context.addIssue(mustBe);
  });
}

const settingsShape = Object.fromEntries(
  Object.entries<Setting>(SETTINGS).map(([name, setting]) => [name, settingField(name, setting).optional()]),
);

// The shape is built from the contract, so its type has to be written beside it.
const settings = z.strictObject(settingsShape) as unknown as z.ZodType<ServiceSettings, ServiceSettings>;

/** A key of a Secret that someone else made. */
const secretKey = z.strictObject({
  /** Name of the Secret, in the deployment's namespace. */
  secretName: objectName,
  /** Key in the Secret. */
  key: text(/^[-.\w]{1,253}$/, 'a key of a Secret: letters, digits, hyphens, dots and underscores'),
});

const ofaServer = z.strictObject({
  /** The service of this repository: its ports, paths and metrics are known from service/contract.ts. */
  kind: z.literal('ofa-ve'),
  /** Settings of the service. Those that follow from other fields (model folder, threads, ...) are filled in. */
  settings,
  /** Secret with one hash of an API key a line, re-read when it changes; left out, nobody needs a key. */
  apiKeys: secretKey.optional(),
});

const metricName = text(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/, 'the name of a Prometheus metric');
const labelFilter = text(
  /^([a-zA-Z_]\w*(=|!=|=~|!~)"[^"]*")?(,[a-zA-Z_]\w*(=|!=|=~|!~)"[^"]*")*$/,
  'Prometheus label matchers such as status=~"5..", separated by commas, or empty',
);

/** Which of a server's metrics say how it is doing. */
const serverMetrics = z.strictObject({
  /** Counter of answered requests. */
  requests: metricName,
  /** Label matchers that pick the requests which count, among those in `requests`; empty: all. */
  requestFilter: labelFilter,
  /** Label matchers that pick the failed ones among them. */
  errorFilter: labelFilter,
  /** Histogram of the time of a request in seconds, without `_bucket`. */
  latency: metricName,
  /** Label matchers that pick the requests which count, among those in `latency`; empty: all. */
  latencyFilter: labelFilter,
  /** Upper bounds of that histogram's buckets in seconds; the latency objective has to be one of them. */
  latencyBucketsSeconds: z.array(decimal(0, 86_400)),
  /** A metric that is there from the start, before the first request: its absence means that nothing is read. */
  always: metricName,
  /** Gauges whose sum is the number of items that a pod has accepted and not answered. */
  load: z.array(metricName),
});

const otherServer = z.strictObject({
  /** Any other inference server: say what its image needs and offers. */
  kind: z.literal('other'),
  /** Name of the program, for the label `app.kubernetes.io/name`. */
  appName: shortName,
  /** Replaces the image's entry point; empty: as the image has it. */
  command: z.array(anyText),
  /** Arguments of the entry point. */
  args: z.array(anyText),
  /** Environment variables. */
  env: environment,
  /** Environment variables whose value is in a Secret. */
  secretEnv: z.array(
    z.strictObject({
      /** Name of the variable. */
      name: text(/^[A-Za-z_]\w*$/, 'the name of an environment variable'),
      ...secretKey.shape,
    }),
  ),
  /** Ports on which the server listens; both may be the same. */
  ports: z.strictObject({
    /** Requests. */
    http: whole(1, 65_535),
    /** Metrics. */
    admin: whole(1, 65_535),
  }),
  /** Paths of the probes (on the requests' port) and of the metrics. */
  paths: z.strictObject({
    startup: absolutePath,
    live: absolutePath,
    ready: absolutePath,
    metrics: absolutePath,
  }),
  metrics: serverMetrics,
  /** Items that a pod takes in before it refuses or slows down: what the saturation alert is measured against. */
  capacityItems: whole(1, 1_000_000),
  /** Longest time from the container's start to ready. */
  startSeconds: whole(1, 7200),
  /** Longest time a request may take. */
  requestSeconds: whole(1, 7200),
  /** Longest time from SIGTERM to exit; at least `requestSeconds`. */
  drainSeconds: whole(1, 7200),
  /** What waits before SIGTERM where the cluster has no `sleep` action (before 1.30); `$SECONDS` is filled in. */
  preStopCommand: z.array(anyText).min(1, 'a command of at least one word'),
  /** Folders that must be writable, as the root file system is not. */
  writable: z.array(
    z.strictObject({
      /** Name of the volume. */
      name: shortName,
      /** Where it is mounted. */
      mountPath: absolutePath,
      /** Most it may hold. */
      sizeLimit: memory,
      /** Kept in memory (and counted as such), as `/dev/shm` has to be. */
      inMemory: flag,
    }),
  ),
});

/** What runs in the container. */
export const serverSchema = z.discriminatedUnion('kind', [ofaServer, otherServer]);

/** See {@link serverSchema}. */
export type ServerConfig = z.infer<typeof serverSchema>;
/** A server that is not this repository's. */
export type OtherServer = z.infer<typeof otherServer>;
/** See the fields of {@link OtherServer}. */
export type ServerMetrics = z.infer<typeof serverMetrics>;
