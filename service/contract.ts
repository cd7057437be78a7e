/**
 * What the deployment and the service must agree on: ports, paths, settings and metric names. infra/ imports this file
 * and nothing else of the service, so nothing that it imports has a dependency.
 */

export { checkSetting, checkSettings } from './settings/check.ts';
export {
  CLOSING_MS,
  DEFAULT_SETTINGS,
  ENVIRONMENT_VARIABLE,
  SETTINGS,
  longestRequestMs,
} from './settings/definitions.ts';
export { bodiesBytes, featureCacheBytes, LEAST_PIXEL_BYTES } from './settings/memory.ts';
export type { SettingName, Settings } from './settings/definitions.ts';
export type { Setting } from './settings/setting.ts';
export { unknownVariables } from './settings/unknown.ts';

/**
 * Time after which a connection of HTTP without requests is closed. A proxy that keeps one for longer may send
 * a request just as it is closed, and answers that with 502: load balancers of Google Cloud keep theirs for 600 s, AWS's
 * and NGINX for 60 s, Traefik for 90 s, Caddy for 120 s.
 */
export const IDLE_CONNECTION_MS = 620_000;

/** Paths of the service. */
export const PATHS = {
  predict: '/predict',
  /** The same for JSON alone; counted as `predict`. */
  predictJson: '/predict/json',
  live: '/livez',
  ready: '/readyz',
  /** The same as `ready`, under the name that many load balancers expect. */
  health: '/healthz',
  startup: '/startupz',
  metrics: '/metrics',
  openapi: '/openapi.json',
  docs: '/docs',
  demo: '/',
} as const;

/** Prefix of the paths of the Open Inference Protocol. */
export const OPEN_INFERENCE_PREFIX = '/v2';

/** Names of the metrics, in Prometheus base units. */
export const METRICS = {
  requests: 'ofa_ve_requests_total',
  requestLatency: 'ofa_ve_request_latency_seconds',
  keyRequests: 'ofa_ve_api_key_requests_total',
  bodyRead: 'ofa_ve_body_read_seconds',
  queueWait: 'ofa_ve_queue_wait_seconds',
  preprocess: 'ofa_ve_preprocess_seconds',
  tokenize: 'ofa_ve_tokenize_seconds',
  inference: 'ofa_ve_inference_seconds',
  batchSize: 'ofa_ve_batch_size',
  cacheLookups: 'ofa_ve_cache_lookups_total',
  uploads: 'ofa_ve_uploads_in_progress',
  queueItems: 'ofa_ve_queue_items',
  inflightItems: 'ofa_ve_inflight_items',
  rejected: 'ofa_ve_rejected_total',
  answers: 'ofa_ve_answers_total',
  pixelMemory: 'ofa_ve_pixel_memory_bytes',
  pixelMemoryLimit: 'ofa_ve_pixel_memory_limit_bytes',
  engines: 'ofa_ve_engines',
  engineRestarts: 'ofa_ve_engine_restarts_total',
  eventLoopDelay: 'ofa_ve_event_loop_delay_seconds',
  gpuMemory: 'ofa_ve_gpu_memory_bytes',
  gpuUtilization: 'ofa_ve_gpu_utilization_ratio',
  buildInfo: 'ofa_ve_build_info',
} as const;

/**
 * Labels by which alerts and scaling select series. `route` is the declared path of the route (those of probes and
 * documents included), `status` the HTTP status, and `outcome` a {@link RequestOutcome}.
 */
export const METRIC_LABELS = {
  requests: ['route', 'status', 'outcome'],
  requestLatency: ['route', 'outcome'],
  keyRequests: ['api_key', 'outcome'],
} as const;

/**
 * How a request ended. Only `answered` requests measure latency, as refusals are fast. Two are the service's fault:
 * `failed` (5xx), and `overloaded`, a 429 because the queue, or the room for bodies, was full. The others are the
 * client's: `refused` (any other 4xx, including a body that came too slowly and a used-up rate or share of the queue),
 * `client_deadline` (it missed a deadline that the client had set below the service's) and `abandoned`.
 */
export type RequestOutcome = (typeof REQUEST_OUTCOMES)[number];
export const REQUEST_OUTCOMES = [
  'answered',
  'refused',
  'overloaded',
  'failed',
  'client_deadline',
  'abandoned',
] as const;

/**
 * Values of the label `route` that objectives and scaling count: requests for answers, and not probes, documents or
 * unknown paths.
 */
export const ANSWER_ROUTES = [
  PATHS.predict,
  `${OPEN_INFERENCE_PREFIX}/models/:name/infer`,
  '/inference.GRPCInferenceService/ModelInfer',
] as const;

/** Upper bounds of the buckets of `requestLatency` in seconds; a latency objective must be one of them. */
export const LATENCY_BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] as const;
