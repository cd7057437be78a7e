// Generated from service/settings/definitions.ts by `npm run reference`: change it there.

/** The names of all settings, with comments that say what each means. */
export interface SettingComments {
  /**
   * Folder of the model package to serve. Text.
   * @default not set
   */
  readonly MODEL_DIR: unknown;
  /**
   * Address to listen on: :: for all, IPv4 and IPv6 alike (IPv4 alone where the machine has no IPv6), 0.0.0.0 for
   * IPv4 alone, 127.0.0.1 for this machine only. Text.
   * @default ::
   */
  readonly HOST: unknown;
  /**
   * Port for predictions, probes and the demo page; 0 picks a free one. A whole number from 0 to 65535.
   * @default 8000
   */
  readonly PORT: unknown;
  /**
   * Port for the Open Inference Protocol over gRPC, without TLS; 0 picks a free one, off serves no gRPC. A whole
   * number from 0 to 65535, or `off`.
   * @default 8001
   */
  readonly GRPC_PORT: unknown;
  /**
   * Port for metrics and probes, separate so that clients need no access to it; 0 picks a free one. A whole number
   * from 0 to 65535.
   * @default 9090
   */
  readonly ADMIN_PORT: unknown;
  /**
   * Where the model runs; auto uses CUDA if its libraries load and a GPU responds, else the CPU. One of `auto`,
   * `cpu`, `cuda`.
   * @default auto
   */
  readonly DEVICE: unknown;
  /**
   * Number of engine processes; 0 runs one per visible GPU, or one on a CPU, where more use more memory and are
   * seldom faster. A whole number from 0 to 16.
   * @default 0
   */
  readonly ENGINES: unknown;
  /**
   * Threads of each CPU engine; 0 divides the processors among the engines: the machine's, or the whole ones of
   * the container's CPU limit, which Node.js 20 does not see. A whole number from 0 to 256.
   * @default 0
   */
  readonly ENGINE_THREADS: unknown;
  /**
   * Most items in one run of an engine; more increases throughput on a GPU, and memory use everywhere. A whole
   * number from 1 to 256.
   * @default 8
   */
  readonly MAX_BATCH: unknown;
  /**
   * MiB in which each engine keeps the features of recent pictures, of at most 1000, so that further questions
   * about them skip the image part of the model: 3.5 MiB for a picture with OFA-large. Equal questions about equal
   * pictures are then answered from memory. 0 keeps neither features nor answers nor texts. A whole number from 0
   * to 1000000.
   * @default 64
   */
  readonly FEATURE_CACHE_MB: unknown;
  /**
   * Most items accepted and not yet answered; further requests get 429 at once. A request is accepted when its
   * body is complete; four times as many bodies, and at least 256, may be arriving. A whole number from 1 to
   * 100000.
   * @default 64
   */
  readonly MAX_QUEUE: unknown;
  /**
   * Time after the end of its body at which a request gets 504; a body that takes longer than this to arrive gets
   * 408. A client can shorten both together with X-Request-Timeout-Ms. A whole number from 1 to 3600000.
   * @default 30000
   */
  readonly REQUEST_TIMEOUT_MS: unknown;
  /**
   * Largest request body in MiB, of which at most 16 may be JSON; larger ones get 413. A whole number from 1 to
   * 1024.
   * @default 50
   */
  readonly MAX_BODY_MB: unknown;
  /**
   * Most MiB of request bodies in memory at once. Beyond that the slowest of those that are still arriving get
   * 408, and if there are no slow ones, further requests get 429. At least MAX_BODY_MB; the default is 4 MiB for
   * each slot of the default MAX_QUEUE. A whole number from 1 to 1000000.
   * @default 256
   */
  readonly MAX_BODIES_MB: unknown;
  /**
   * Whether to turn an image as its EXIF or XMP says, as phones expect, or to judge its pixels as they are stored.
   * ModelScope's loader turns files and URLs, but not images that a program passes as objects. One of `upright`,
   * `stored`.
   * @default upright
   */
  readonly IMAGE_ORIENTATION: unknown;
  /**
   * Time after which a run is given up: the engine is killed and replaced, and the run is retried once. 0 allows
   * ten times what the engine took for as many items in its self-test, and at least 10 s. A fixed time must be
   * longer than a full batch takes on a busy machine, and should be shorter than REQUEST_TIMEOUT_MS, or requests
   * time out before the retry. A whole number from 0 to 3600000.
   * @default 0
   */
  readonly ENGINE_TIMEOUT_MS: unknown;
  /**
   * Longest time from the start of an engine until it passes its self-test; large models need more. A whole number
   * from 1000 to 3600000.
   * @default 600000
   */
  readonly ENGINE_START_TIMEOUT_MS: unknown;
  /**
   * How long to continue serving after SIGTERM while load balancers remove the service; at least 1000 less than
   * SHUTDOWN_TIMEOUT_MS. A whole number from 0 to 600000.
   * @default 5000
   */
  readonly DRAIN_DELAY_MS: unknown;
  /**
   * Longest time from SIGTERM, SIGINT (Ctrl-C) or SIGHUP (a closed terminal) to exit; less than the time after
   * which the platform kills the process. Requests are not cut off if it is a second more than DRAIN_DELAY_MS and
   * twice REQUEST_TIMEOUT_MS: once for the body, once for the answer. A whole number from 2000 to 3600000.
   * @default 70000
   */
  readonly SHUTDOWN_TIMEOUT_MS: unknown;
  /**
   * Used memory of a GPU in MiB above which its engine is replaced, after several readings in a row; 0 disables
   * it. A whole number from 0 to 10000000.
   * @default 0
   */
  readonly GPU_MEMORY_LIMIT_MB: unknown;
  /**
   * Least severe level to log; debug includes the probes that succeed. One of `trace`, `debug`, `info`, `warn`,
   * `error`, `fatal`, `silent`.
   * @default info
   */
  readonly LOG_LEVEL: unknown;
  /**
   * Whether to serve the demo page at /. One of `on`, `off`.
   * @default on
   */
  readonly DEMO_PAGE: unknown;
  /**
   * Whether to serve the OpenAPI document at /openapi.json and Swagger UI at /docs. One of `on`, `off`.
   * @default on
   */
  readonly DOCS: unknown;
  /**
   * Names for the model's answers, separated by commas, in the order in which responses list them: each an answer
   * with other capitals (Yes), or an answer and its name (yes=entailment). Every answer must be named once. Unset,
   * names and order are the model's. Text.
   * @default not set
   */
  readonly LABELS: unknown;
  /**
   * File with one API key per line, as its SHA-256 in hexadecimal, and optionally a name, which log and metrics
   * show, and a rate such as rate=10/s, 600/min or 5000/h, in requests that all keys of a name may send to one
   * process. If set, predictions and the index of the model repository require one of the keys, and each name gets
   * a fair share of the queue. The file is re-read when it changes. Text.
   * @default not set
   */
  readonly API_KEYS_FILE: unknown;
  /**
   * Comma-separated addresses or networks, such as 10.0.0.0/8, of the proxies in front whose X-Forwarded-For or
   * Forwarded is believed. If set, and without API_KEYS_FILE, each client address gets a fair share of the queue;
   * 127.0.0.1 does for a service that clients reach without a proxy. Empty shares by no address, since behind a
   * proxy or a Service that translates addresses all clients have the same. Text.
   * @default not set
   */
  readonly TRUSTED_PROXIES: unknown;
  /**
   * Comma-separated origins of web pages that may call the service; empty allows none. Text.
   * @default not set
   */
  readonly CORS_ORIGINS: unknown;
  /**
   * Address of an OpenTelemetry collector that accepts OTLP over HTTP, usually port 4318 (4317 is gRPC); if set,
   * traces are sent to v1/traces below it. Text.
   * @default not set
   */
  readonly OTEL_EXPORTER_OTLP_ENDPOINT: unknown;
  /**
   * Full address for traces, if it is not v1/traces below OTEL_EXPORTER_OTLP_ENDPOINT. Text.
   * @default not set
   */
  readonly OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: unknown;
  /**
   * Protocol of the collector: http/protobuf or http/json. Traces are sent as JSON over HTTP, which collectors
   * accept on the same address. Text.
   * @default not set
   */
  readonly OTEL_EXPORTER_OTLP_PROTOCOL: unknown;
  /**
   * Protocol for traces, if it is not OTEL_EXPORTER_OTLP_PROTOCOL. Text.
   * @default not set
   */
  readonly OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: unknown;
  /**
   * Set to none to send no traces; otlp sends them to http://localhost:4318/v1/traces unless another address is
   * set. One of `otlp`, `none`.
   * @default not set
   */
  readonly OTEL_TRACES_EXPORTER: unknown;
  /**
   * Whether to send no traces even if an address for them is set. One of `false`, `true`.
   * @default false
   */
  readonly OTEL_SDK_DISABLED: unknown;
}
