import type { IContainer } from 'kubernetes-models/v1';
import { SETTINGS, type SettingName } from '../../../service/contract.ts';
import type { Variable } from '../../config/maps.ts';
import { BATCH_SETTINGS, platformVariables, podSettings } from '../../config/pod-settings.ts';
import type { ModelConfig, WorkloadConfig } from '../../config/schema.ts';
import type { WorkloadContext } from '../../workload/context.ts';
import { deploymentName, versionOf } from '../../workload/names.ts';
import type { TrackProps } from '../../workload/track.ts';

type EnvVar = NonNullable<IContainer['env']>[number];

/**
 * Environment of the server's container: settings in the order of the contract, what the platform needs, then what the
 * configuration adds. Nothing in it changes from one synthesis to the next.
 */
export function environmentVariables(context: WorkloadContext, props: TrackProps): EnvVar[] {
  const { workload } = context;
  const { server, observability } = workload;
  const added = observability.tracing.enabled ? traced(context, props) : workload.pod.env;
  const platform = variables(platformVariables(workload));
  if (server.kind === 'ofa-ve') {
    const names = Object.keys(SETTINGS) as SettingName[];
    return [...settingVariables(workload, props.model, names), ...platform, ...variables(added)];
  }
  const traces = { name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: observability.tracing.endpoint };
  const defaults = [...(observability.tracing.enabled ? [traces] : []), ...platform];
  return [...variables(added), ...defaults.filter(({ name }) => !(name in added))];
}

/**
 * The variables that the configuration adds, and with them what tells the traces of workloads, namespaces and versions
 * apart: OpenTelemetry's attributes of a service and of Kubernetes. Those of the configuration count where both have one.
 */
function traced(context: WorkloadContext, { track, image }: TrackProps): Readonly<Record<string, Variable>> {
  const { namespace, workload } = context;
  const attributes = {
    'service.namespace': namespace,
    'service.version': versionOf(image.reference),
    'k8s.namespace.name': namespace,
    'k8s.deployment.name': deploymentName(context, track),
  };
  const own = Object.entries(attributes).map(([name, value]) => `${name}=${value}`);
  const { env } = workload.pod;
  const { OTEL_RESOURCE_ATTRIBUTES: others = '' } = env;
  const all = typeof others === 'string' ? [...own, ...(others === '' ? [] : [others])].join(',') : others;
  const added: Record<string, Variable> = { OTEL_SERVICE_NAME: workload.name, OTEL_RESOURCE_ATTRIBUTES: all };
  const missing = Object.entries(added).filter(([name]) => !(name in env));
  // Those of the configuration keep their places: Kubernetes replaces $(NAME) only by a variable that comes before.
  return { ...Object.fromEntries(missing), ...env, OTEL_RESOURCE_ATTRIBUTES: all };
}

/** Environment of a container that runs `ofa-ve batch`: that of the server, with the settings that a batch run reads. */
export function batchVariables({ workload }: WorkloadContext): EnvVar[] {
  return [
    ...settingVariables(workload, workload.model, BATCH_SETTINGS),
    ...variables(platformVariables(workload)),
    ...variables(workload.pod.env),
  ];
}

/** The settings of a pod among `names`. */
function settingVariables(workload: WorkloadConfig, model: ModelConfig, names: readonly SettingName[]): EnvVar[] {
  const settings = podSettings(workload, model);
  return names.flatMap((name) =>
    settings[name] === undefined ? [] : [variable(name, withoutExpansion(String(settings[name])))],
  );
}

/** Kubernetes replaces `$(NAME)` in arguments and values of variables by a variable, and `$$` by `$`. */
export function withoutExpansion(text: string): string {
  return text.replaceAll('$', () => '$$');
}

/** Environment variables of a container. */
export function variables(env: Readonly<Record<string, Variable>>): EnvVar[] {
  return Object.entries(env).map(([name, value]) => variable(name, value));
}

/** One variable. The server drops an empty value, which applying the manifest would then add each time. */
function variable(name: string, value: Variable): EnvVar {
  if (value === '') return { name };
  if (typeof value === 'string') return { name, value };
  const { kind, ...reference } = value;
  return { name, valueFrom: kind === 'secret' ? { secretKeyRef: reference } : { configMapKeyRef: reference } };
}
