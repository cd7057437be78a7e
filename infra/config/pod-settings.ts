import type { SettingName, Settings } from '../../service/contract.ts';
import { coresOf } from './fields.ts';
import type { GpuConfig, ModelConfig, WorkloadConfig } from './schema.ts';
import { withDefaults } from './server.ts';

/** Where a model package that is not in the image is mounted. */
export const MODELS_FOLDER = '/models';
/** Where the Secret with the API keys is mounted. */
const API_KEYS_FOLDER = '/etc/ofa-ve/api-keys';
/** Where CUDA keeps compiled kernels: a volume of its own, so that they survive a restart of the container. */
const CUDA_CACHE_FOLDER = '/var/cache/cuda';
/** Volumes of every pod, as far as it needs them, and where they are mounted. */
export const OWN_VOLUMES = {
  models: MODELS_FOLDER,
  'api-keys': API_KEYS_FOLDER,
  tmp: '/tmp',
  'cuda-cache': CUDA_CACHE_FOLDER,
} as const;

/** Label of a node with the architecture of its processors. */
export const ARCHITECTURE_LABEL = 'kubernetes.io/arch';
/** Name of the init container that fills a claim with the model. */
export const LOADER_CONTAINER = 'load-model';

/** Name of the container with the server. KServe knows it by its own. */
export function serverContainer({ kserve }: WorkloadConfig): string {
  return kserve.enabled ? 'kserve-container' : 'server';
}

/** Variables that a pod needs besides the server's settings. */
export function platformVariables({ gpu }: WorkloadConfig): Record<string, string> {
  return { HOME: OWN_VOLUMES.tmp, ...(gpu.kind === 'none' ? {} : { CUDA_CACHE_PATH: CUDA_CACHE_FOLDER }) };
}

/** Settings that `ofa-ve batch` reads. */
export const BATCH_SETTINGS = [
  'MODEL_DIR',
  'DEVICE',
  'ENGINES',
  'ENGINE_THREADS',
  'MAX_BATCH',
  'FEATURE_CACHE_MB',
  'MAX_BODY_MB',
  'MAX_BODIES_MB',
  'IMAGE_ORIENTATION',
  'ENGINE_TIMEOUT_MS',
  'ENGINE_START_TIMEOUT_MS',
  'LABELS',
] as const satisfies readonly SettingName[];

/** Folder of the model package as the server sees it; undefined if it is in the image, which knows where. */
export function modelFolder({ source }: ModelConfig): string | undefined {
  if (source.kind === 'image') return undefined;
  return source.kind === 'claim' ? `${MODELS_FOLDER}/${source.version}` : MODELS_FOLDER;
}

/** Number of devices of a pod; a time-sliced share counts as one. */
export function devicesOfPod(gpu: GpuConfig): number {
  if (gpu.kind === 'none') return 0;
  return gpu.kind === 'time-sliced' ? 1 : gpu.count;
}

/** Number of engine processes of a pod: ENGINES if it is set, else one per device, and one on a CPU. */
export function enginesOfPod({ server, gpu }: WorkloadConfig): number {
  if (server.kind === 'other') return 1;
  return withDefaults(server.settings).ENGINES || devicesOfPod(gpu) || 1;
}

/**
 * Settings in the environment of a pod that runs this repository's service: those of the configuration and those that
 * follow from its other fields.
 *
 * @param model the model that the pod serves; a canary may have its own
 */
export function podSettings(workload: WorkloadConfig, model = workload.model): Partial<Settings> {
  const { server, gpu, resources, exposure, observability } = workload;
  if (server.kind === 'other') return {};
  const folder = modelFolder(model);
  const threads = Math.floor(coresOf(resources.limits.cpu) / enginesOfPod(workload));
  return {
    ...server.settings,
    ...(folder === undefined ? {} : { MODEL_DIR: folder }),
    // ONNX Runtime does not see a container's CPU quota and would start a thread for every core of the node.
    ...(gpu.kind === 'none' ? { DEVICE: 'cpu', ENGINE_THREADS: Math.max(1, threads) } : { DEVICE: 'cuda' }),
    ...(server.apiKeys === undefined ? {} : { API_KEYS_FILE: `${API_KEYS_FOLDER}/${server.apiKeys.key}` }),
    ...(exposure.trustedProxies.length === 0 ? {} : { TRUSTED_PROXIES: exposure.trustedProxies.join(',') }),
    ...(observability.tracing.enabled ? { OTEL_EXPORTER_OTLP_ENDPOINT: observability.tracing.endpoint } : {}),
  };
}
