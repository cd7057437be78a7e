import type { Setting } from './setting.ts';

/** Milliseconds kept back from SHUTDOWN_TIMEOUT_MS for the last answers, and for ending the engines and the admin port. */
export const CLOSING_MS = 1000;

/** Variable that chooses an environment of the deployment; unset, infra/config.ts is deployed as it is. */
export const ENVIRONMENT_VARIABLE = 'OFA_VE_ENV';

/**
 * Every setting of the service: an environment variable of the same name. Sizes and times carry their unit in
 * the name. Variables that start with `OFA_VE_` are reserved for the project's tools; the service refuses
 * those that it does not know, so that a misremembered name does not pass silently.
 */
export const SETTINGS = {
  MODEL_DIR: {
    kind: 'text',
    default: '',
    description: 'Folder of the model package to serve; which one decides what is answered.',
  },
  HOST: {
    kind: 'text',
    default: '0.0.0.0',
    description: 'Address to listen on; 127.0.0.1 keeps the service to this machine, :: takes IPv6 as well.',
  },
  PORT: {
    kind: 'integer',
    default: 8000,
    min: 0,
    max: 65535,
    description: 'Port for predictions, probes and the demo page; another one if it is taken, 0 for any.',
  },
  ADMIN_PORT: {
    kind: 'integer',
    default: 9090,
    min: 0,
    max: 65535,
    description: 'Port for metrics and probes, apart so that clients need not reach it; 0 picks a free one.',
  },
  DEVICE: {
    kind: 'choice',
    default: 'auto',
    choices: ['auto', 'cpu', 'cuda'],
    description: 'Where the model runs; auto takes CUDA where the provider loads and a device answers.',
  },
  ENGINES: {
    kind: 'integer',
    default: 0,
    min: 0,
    max: 16,
    description:
      'How many engines compute side by side; 0 takes one for each GPU that is visible, and one on a CPU, where more cost memory and seldom gain.',
  },
  ENGINE_THREADS: {
    kind: 'integer',
    default: 0,
    min: 0,
    max: 256,
    description:
      'Threads of a CPU engine; 0 shares the available processors among the engines (container quotas are not seen).',
  },
  MAX_BATCH: {
    kind: 'integer',
    default: 8,
    min: 1,
    max: 256,
    description:
      'Most items in one run of the engine; more raises throughput on a GPU and memory everywhere.',
  },
  MAX_QUEUE: {
    kind: 'integer',
    default: 64,
    min: 1,
    max: 100_000,
    description: 'Most items accepted and unanswered; past it requests get 429 at once.',
  },
  REQUEST_TIMEOUT_MS: {
    kind: 'integer',
    default: 30_000,
    min: 1,
    max: 3_600_000,
    description: 'Longest time until a request gets 504; a client can shorten it with X-Request-Timeout-Ms.',
  },
  MAX_BODY_MB: {
    kind: 'integer',
    default: 50,
    min: 1,
    max: 1024,
    description: 'Largest request body in MiB; larger ones get 413, so that they cannot fill the memory.',
  },
  MAX_BODIES_MB: {
    kind: 'integer',
    default: 256,
    min: 1,
    max: 1_000_000,
    description:
      'Most MiB of request bodies held at once, past which requests get 429, so that large uploads do not use up the memory; at least MAX_BODY_MB, and by default 4 MiB for each of the default places.',
  },
  ENGINE_TIMEOUT_MS: {
    kind: 'integer',
    default: 0,
    min: 0,
    max: 3_600_000,
    description:
      'Longest time one run of the engine may take before the engine is killed and replaced and the run tried again; 0 takes ten times what the engine took for as many items in its self-test, and at least 10 s. A fixed time belongs below REQUEST_TIMEOUT_MS, or nobody is left to be answered, and above what a full batch takes on a machine under load.',
  },
  ENGINE_START_TIMEOUT_MS: {
    kind: 'integer',
    default: 600_000,
    min: 1000,
    max: 3_600_000,
    description: 'Longest time from the start of an engine to its passed self-test; large models need more.',
  },
  DRAIN_DELAY_MS: {
    kind: 'integer',
    default: 5000,
    min: 0,
    max: 600_000,
    description:
      'How long to go on serving after SIGTERM, so that load balancers notice; at least a second less than SHUTDOWN_TIMEOUT_MS.',
  },
  SHUTDOWN_TIMEOUT_MS: {
    kind: 'integer',
    default: 40_000,
    min: 2000,
    max: 3_600_000,
    description: 'Longest time from SIGTERM to exit; less than the time after which the platform kills.',
  },
  GPU_MEMORY_LIMIT_MB: {
    kind: 'integer',
    default: 0,
    min: 0,
    max: 10_000_000,
    description:
      'Memory of a GPU in MiB above which, for several readings in a row, its engine is replaced; 0: off.',
  },
  LOG_LEVEL: {
    kind: 'choice',
    default: 'info',
    choices: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    description: 'Least severe level that is logged; debug adds probes.',
  },
  DEMO_PAGE: {
    kind: 'choice',
    default: 'on',
    choices: ['on', 'off'],
    description: 'Whether the demo page is served at /; off where only programs call.',
  },
  API_KEYS_FILE: {
    kind: 'text',
    default: '',
    description:
      'File with the SHA-256 of one API key a line, in hexadecimal; set, predictions need one of the keys. Read again when it changes.',
  },
  CORS_ORIGINS: {
    kind: 'text',
    default: '',
    format: 'origins',
    description: 'Comma-separated origins that browsers may call from; empty allows none.',
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    kind: 'text',
    default: '',
    format: 'http-url',
    description:
      'Address of an OpenTelemetry collector that takes OTLP over HTTP, usually port 4318 (4317 is for gRPC); set, traces are sent to v1/traces below it.',
  },
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: {
    kind: 'text',
    default: '',
    format: 'http-url',
    description: 'Whole address for traces, where it is not v1/traces below OTEL_EXPORTER_OTLP_ENDPOINT.',
  },
  OTEL_SDK_DISABLED: {
    kind: 'choice',
    default: 'false',
    choices: ['false', 'true'],
    description: 'Whether no traces are sent although an address for them is set.',
  },
} as const satisfies Record<string, Setting>;

/** The name of a setting, that is, of its environment variable. */
export type SettingName = keyof typeof SETTINGS;

type ValueOf<S extends Setting> = S extends { kind: 'integer' }
  ? number
  : S extends { kind: 'choice'; choices: readonly (infer Choice)[] }
    ? Choice
    : string;

/** A value for every setting; {@link SETTINGS} says what each means. */
export type Settings = { readonly [Name in SettingName]: ValueOf<(typeof SETTINGS)[Name]> };

/** The default of every setting. */
export const DEFAULT_SETTINGS = Object.fromEntries(
  Object.entries(SETTINGS).map(([name, setting]) => [name, setting.default]),
) as unknown as Settings;
