import type { IContainer } from 'kubernetes-models/v1';
import { SETTINGS } from '../../service/contract.ts';
import type { SettingName } from '../../service/contract.ts';
import { enginesOfPod } from '../config/devices.ts';
import { coresOf } from '../config/fields.ts';
import type { ServiceSettings } from '../config/server.ts';
import type { WorkloadContext } from '../workload/context.ts';

type EnvVar = NonNullable<IContainer['env']>[number];

/** Where the keys' Secret is mounted. */
export const API_KEYS_FOLDER = '/etc/ofa-ve/api-keys';
/** Where CUDA keeps compiled kernels; a volume of its own, so that a restart of the container finds them. */
export const CUDA_CACHE_FOLDER = '/var/cache/cuda';

/** Settings that follow from the rest of the deployment; what the config sets wins. */
function derivedSettings({ workload }: WorkloadContext, modelFolder: string | undefined): ServiceSettings {
  const { server, gpu, resources, observability } = workload;
  const onCpu = gpu.kind === 'none';
  return {
    ...(modelFolder === undefined ? {} : { MODEL_DIR: modelFolder }),
    DEVICE: onCpu ? 'cpu' : 'cuda',
    // A container's quota is not visible to the run time, which would start a thread for every core of the node.
    ...(onCpu
      ? { ENGINE_THREADS: Math.max(1, Math.floor(coresOf(resources.limits.cpu) / enginesOfPod(workload))) }
      : {}),
    ...(server.kind === 'ofa-ve' && server.apiKeys !== undefined
      ? { API_KEYS_FILE: `${API_KEYS_FOLDER}/${server.apiKeys.key}` }
      : {}),
    ...(observability.tracing.enabled ? { OTEL_EXPORTER_OTLP_ENDPOINT: observability.tracing.endpoint } : {}),
  };
}

function ofaEnvironment(
  context: WorkloadContext,
  settings: ServiceSettings,
  modelFolder: string | undefined,
): EnvVar[] {
  const values: ServiceSettings = { ...derivedSettings(context, modelFolder), ...settings };
  return (Object.keys(SETTINGS) as SettingName[]).flatMap((name) => {
    const value = values[name];
    return value === undefined ? [] : [{ name, value: String(value) }];
  });
}

/**
 * Environment of the server's container: settings in the order of the contract, then what the platform needs. No
 * variable has a value that changes from one synthesis to the next.
 */
export function environmentOf(context: WorkloadContext, modelFolder: string | undefined): EnvVar[] {
  const { server, gpu, observability } = context.workload;
  const platform: EnvVar[] = [
    { name: 'HOME', value: '/tmp' },
    ...(gpu.kind === 'none' ? [] : [{ name: 'CUDA_CACHE_PATH', value: CUDA_CACHE_FOLDER }]),
  ];
  if (server.kind === 'ofa-ve')
    return [...ofaEnvironment(context, server.settings, modelFolder), ...platform];
  const given: EnvVar[] = [
    ...Object.entries(server.env).map(([name, value]) => ({ name, value })),
    ...server.secretEnv.map(({ name, secretName, key }) => ({
      name,
      valueFrom: { secretKeyRef: { name: secretName, key } },
    })),
  ];
  const traces = { name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: observability.tracing.endpoint };
  const wanted = [...(observability.tracing.enabled ? [traces] : []), ...platform];
  return [...given, ...wanted.filter(({ name }) => given.every((variable) => variable.name !== name))];
}
