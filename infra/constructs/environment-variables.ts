import type { IContainer } from 'kubernetes-models/v1';
import { SETTINGS, type SettingName } from '../../service/contract.ts';
import { CUDA_CACHE_FOLDER, podSettings } from '../config/pod-settings.ts';
import type { ModelConfig } from '../config/schema.ts';
import type { WorkloadContext } from '../workload/context.ts';

type EnvVar = NonNullable<IContainer['env']>[number];

/**
 * Environment of the server's container: settings in the order of the contract, then what the platform needs. Nothing
 * in it changes from one synthesis to the next.
 */
export function environmentVariables({ workload }: WorkloadContext, model: ModelConfig): EnvVar[] {
  const { server, gpu, observability } = workload;
  const platform: EnvVar[] = [
    { name: 'HOME', value: '/tmp' },
    ...(gpu.kind === 'none' ? [] : [{ name: 'CUDA_CACHE_PATH', value: CUDA_CACHE_FOLDER }]),
  ];
  if (server.kind === 'ofa-ve') {
    const settings = podSettings(workload, model);
    const names = (Object.keys(SETTINGS) as SettingName[]).filter((name) => settings[name] !== undefined);
    return [...names.map((name) => variable(name, String(settings[name]))), ...platform];
  }
  const given: EnvVar[] = [
    ...Object.entries(server.env).map(([name, value]) => variable(name, value)),
    ...server.secretEnv.map(({ name, secretName, key }) => ({
      name,
      valueFrom: { secretKeyRef: { name: secretName, key } },
    })),
  ];
  const traces = { name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: observability.tracing.endpoint };
  const defaults = [...(observability.tracing.enabled ? [traces] : []), ...platform];
  return [...given, ...defaults.filter(({ name }) => given.every((variable) => variable.name !== name))];
}

/** A variable with its value. The server drops an empty one, which applying the manifest would then add each time. */
function variable(name: string, value: string): EnvVar {
  return value === '' ? { name } : { name, value };
}
