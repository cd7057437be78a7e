import type { SettingComments } from './comments.ts';
import {
  choice,
  integer,
  lenient,
  orOff,
  text,
  type ChoiceSetting,
  type IntegerSetting,
  type Setting,
} from './setting.ts';

/** Milliseconds of SHUTDOWN_TIMEOUT_MS reserved for the last answers and for stopping engines and listeners. */
export const CLOSING_MS = 1000;

/** Longest time, in milliseconds, from the first byte of a request to its answer: that of the body, then as much again. */
export function longestRequestMs({ REQUEST_TIMEOUT_MS }: Pick<Settings, 'REQUEST_TIMEOUT_MS'>): number {
  return 2 * REQUEST_TIMEOUT_MS;
}

/** Variable that selects a file of infra/environments/ to deploy; unset, infra/config.ts is deployed. */
export const ENVIRONMENT_VARIABLE = 'OFA_VE_ENV';

/**
 * Every setting of the service, each an environment variable of the same name. Names of sizes and times end with the
 * unit. Variables that start with `OFA_VE_` are reserved for the project's tools; the service refuses unknown ones, so
 * that a wrong name such as OFA_VE_PORT is not silently ignored.
 */
export const SETTINGS = {
  MODEL_DIR: text({}, 'Folder of the model package to serve.'),
  HOST: text(
    { default: '::', format: 'host' },
    'Address to listen on: :: for all, IPv4 and IPv6 alike (IPv4 alone where the machine has no IPv6), 0.0.0.0 for IPv4 alone, 127.0.0.1 for this machine only.',
  ),
  PORT: integer(
    { default: 8000, min: 0, max: 65535 },
    'Port for predictions, probes and the demo page; 0 picks a free one.',
  ),
  GRPC_PORT: orOff(
    integer(
      { default: 8001, min: 0, max: 65535 },
      'Port for the Open Inference Protocol over gRPC, without TLS; 0 picks a free one, off serves no gRPC.',
    ),
  ),
  ADMIN_PORT: integer(
    { default: 9090, min: 0, max: 65535 },
    'Port for metrics and probes, separate so that clients need no access to it; 0 picks a free one.',
  ),
  DEVICE: choice(
    { default: 'auto', choices: ['auto', 'cpu', 'cuda'] },
    'Where the model runs; auto uses CUDA if its libraries load and a GPU responds, else the CPU.',
  ),
  ENGINES: integer(
    { default: 0, min: 0, max: 16 },
    'Number of engine processes; 0 runs one per visible GPU, or one on a CPU, where more use more memory and are seldom faster.',
  ),
  ENGINE_THREADS: integer(
    { default: 0, min: 0, max: 256 },
    "Threads of each CPU engine; 0 divides the processors among the engines: the machine's, or the whole ones of the container's CPU limit, which Node.js 20 does not see.",
  ),
  MAX_BATCH: integer(
    { default: 8, min: 1, max: 256 },
    'Most items in one run of an engine; more increases throughput on a GPU, and memory use everywhere.',
  ),
  FEATURE_CACHE_MB: integer(
    { default: 64, min: 0, max: 1_000_000 },
    'MiB in which each engine keeps the features of recent pictures, of at most 1000, so that further questions about them skip the image part of the model: 3.5 MiB for a picture with OFA-large. Equal questions about equal pictures are then answered from memory. 0 keeps neither features nor answers nor texts.',
  ),
  MAX_QUEUE: integer(
    { default: 64, min: 1, max: 100_000 },
    'Most items accepted and not yet answered; further requests get 429 at once. A request is accepted when its body is complete; four times as many bodies, and at least 256, may be arriving.',
  ),
  REQUEST_TIMEOUT_MS: integer(
    { default: 30_000, min: 1, max: 3_600_000 },
    'Time after the end of its body at which a request gets 504; a body that takes longer than this to arrive gets 408. A client can shorten both together with X-Request-Timeout-Ms.',
  ),
  MAX_BODY_MB: integer(
    { default: 50, min: 1, max: 1024 },
    'Largest request body in MiB, of which at most 16 may be JSON; larger ones get 413.',
  ),
  MAX_BODIES_MB: integer(
    { default: 256, min: 1, max: 1_000_000 },
    'Most MiB of request bodies in memory at once. Beyond that the slowest of those that are still arriving get 408, and if there are no slow ones, further requests get 429. At least MAX_BODY_MB; the default is 4 MiB for each slot of the default MAX_QUEUE.',
  ),
  IMAGE_ORIENTATION: choice(
    { default: 'upright', choices: ['upright', 'stored'] },
    "Whether to turn an image as its EXIF or XMP says, as phones expect, or to judge its pixels as they are stored. ModelScope's loader turns files and URLs, but not images that a program passes as objects.",
  ),
  ENGINE_TIMEOUT_MS: integer(
    { default: 0, min: 0, max: 3_600_000 },
    'Time after which a run is given up: the engine is killed and replaced, and the run is retried once. 0 allows ten times what the engine took for as many items in its self-test, and at least 10 s. A fixed time must be longer than a full batch takes on a busy machine, and should be shorter than REQUEST_TIMEOUT_MS, or requests time out before the retry.',
  ),
  ENGINE_START_TIMEOUT_MS: integer(
    { default: 600_000, min: 1000, max: 3_600_000 },
    'Longest time from the start of an engine until it passes its self-test; large models need more.',
  ),
  DRAIN_DELAY_MS: integer(
    { default: 5000, min: 0, max: 600_000 },
    'How long to continue serving after SIGTERM while load balancers remove the service; at least 1000 less than SHUTDOWN_TIMEOUT_MS.',
  ),
  SHUTDOWN_TIMEOUT_MS: integer(
    { default: 70_000, min: 2000, max: 3_600_000 },
    'Longest time from SIGTERM, SIGINT (Ctrl-C) or SIGHUP (a closed terminal) to exit; less than the time after which the platform kills the process. Requests are not cut off if it is a second more than DRAIN_DELAY_MS and twice REQUEST_TIMEOUT_MS: once for the body, once for the answer.',
  ),
  GPU_MEMORY_LIMIT_MB: integer(
    { default: 0, min: 0, max: 10_000_000 },
    'Used memory of a GPU in MiB above which its engine is replaced, after several readings in a row; 0 disables it.',
  ),
  LOG_LEVEL: choice(
    { default: 'info', choices: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] },
    'Least severe level to log; debug includes the probes that succeed.',
  ),
  DEMO_PAGE: choice({ default: 'on', choices: ['on', 'off'] }, 'Whether to serve the demo page at /.'),
  DOCS: choice(
    { default: 'on', choices: ['on', 'off'] },
    'Whether to serve the OpenAPI document at /openapi.json and Swagger UI at /docs.',
  ),
  LABELS: text(
    { format: 'labels' },
    "Names for the model's answers, separated by commas, in the order in which responses list them: each an answer with other capitals (Yes), or an answer and its name (yes=entailment). Every answer must be named once. Unset, names and order are the model's.",
  ),
  API_KEYS_FILE: text(
    {},
    'File with one API key per line, as its SHA-256 in hexadecimal, and optionally a name, which log and metrics show, and a rate such as rate=10/s, 600/min or 5000/h, in requests that all keys of a name may send to one process. If set, predictions and the index of the model repository require one of the keys, and each name gets a fair share of the queue. The file is re-read when it changes.',
  ),
  TRUSTED_PROXIES: text(
    { format: 'networks' },
    'Comma-separated addresses or networks, such as 10.0.0.0/8, of the proxies in front whose X-Forwarded-For or Forwarded is believed. If set, and without API_KEYS_FILE, each client address gets a fair share of the queue; 127.0.0.1 does for a service that clients reach without a proxy. Empty shares by no address, since behind a proxy or a Service that translates addresses all clients have the same.',
  ),
  CORS_ORIGINS: text(
    { format: 'origins' },
    'Comma-separated origins of web pages that may call the service; empty allows none.',
  ),
  OTEL_EXPORTER_OTLP_ENDPOINT: lenient(
    text(
      { format: 'http-url' },
      'Address of an OpenTelemetry collector that accepts OTLP over HTTP, usually port 4318 (4317 is gRPC); if set, traces are sent to v1/traces below it.',
    ),
  ),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: lenient(
    text({ format: 'http-url' }, 'Full address for traces, if it is not v1/traces below OTEL_EXPORTER_OTLP_ENDPOINT.'),
  ),
  OTEL_EXPORTER_OTLP_PROTOCOL: lenient(
    text(
      {},
      'Protocol of the collector: http/protobuf or http/json. Traces are sent as JSON over HTTP, which collectors accept on the same address.',
    ),
  ),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: lenient(
    text({}, 'Protocol for traces, if it is not OTEL_EXPORTER_OTLP_PROTOCOL.'),
  ),
  OTEL_TRACES_EXPORTER: lenient(
    choice(
      { default: '', choices: ['', 'otlp', 'none'] },
      'Set to none to send no traces; otlp sends them to http://localhost:4318/v1/traces unless another address is set.',
    ),
  ),
  OTEL_SDK_DISABLED: lenient(
    choice(
      { default: 'false', choices: ['false', 'true'] },
      'Whether to send no traces even if an address for them is set.',
    ),
  ),
};

/** The name of a setting, that is, of its environment variable. */
export type SettingName = keyof typeof SETTINGS;

type ValueOf<S extends Setting> = S extends { readonly canBeOff: true }
  ? number | 'off'
  : S extends IntegerSetting
    ? number
    : S extends ChoiceSetting<infer Choice>
      ? Choice
      : string;

/**
 * A value for every setting. Editors show the comments of {@link SettingComments}, which are those of {@link SETTINGS}; a
 * new setting gets its comment there from `npm run reference`.
 */
export type Settings = {
  [Name in keyof SettingComments]: Name extends SettingName ? ValueOf<(typeof SETTINGS)[Name]> : never;
} & { [Name in Exclude<SettingName, keyof SettingComments>]: ValueOf<(typeof SETTINGS)[Name]> };

/** The default of every setting. */
export const DEFAULT_SETTINGS = Object.fromEntries(
  Object.entries(SETTINGS).map(([name, setting]) => [name, setting.default]),
) as unknown as Settings;
