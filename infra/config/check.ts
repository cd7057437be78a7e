import { echo } from '../../model/echo.ts';
import { BASE_CHART, sharedLabels } from '../workload/names.ts';
import { deploymentSchema, type DeploymentConfig } from './schema.ts';
import { serverFacts } from './server-facts.ts';
import { backfillRules } from './rules/backfills.ts';
import { computeRules } from './rules/compute.ts';
import { kserveRules } from './rules/kserve.ts';
import { observabilityRules } from './rules/observability.ts';
import { operationsRules } from './rules/operations.ts';
import { podRules } from './rules/pod.ts';
import type { Rule } from './rules/rule.ts';
import { settingsRules } from './rules/settings.ts';
import { sentencesOf } from './sentences.ts';

const RULES = [
  computeRules,
  podRules,
  settingsRules,
  operationsRules,
  observabilityRules,
  kserveRules,
  backfillRules,
].flatMap((rules) => Object.values<Rule>(rules));

/** A configuration that cannot be deployed. `mistakes` has a sentence for each, which begins with the field's path. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly mistakes: readonly string[];

  constructor(sentences: readonly string[]) {
    const mistakes = sentences.map(echo);
    const count = mistakes.length === 1 ? '1 mistake' : `${mistakes.length} mistakes`;
    super([`The deployment's configuration has ${count}:`, ...mistakes.map((line) => `  - ${line}`)].join('\n'));
    this.mistakes = mistakes;
  }
}

function crossChecks(config: DeploymentConfig): string[] {
  const mistakes = config.workloads.flatMap((workload, index) => {
    const input = { config, workload, server: serverFacts(workload) };
    return RULES.flatMap((rule) => rule(input) ?? []).map((sentence) => `workloads[${index}].${sentence}`);
  });
  return [...namespaceMistakes(config), ...mistakes, ...clashes(config)];
}

/** Labels of Pod Security, whose values the API server checks. */
const POD_SECURITY_LABEL = /^pod-security\.kubernetes\.io\/(?:enforce|audit|warn)(-version)?$/;
const POD_SECURITY_LEVEL = /^(?:restricted|baseline|privileged)$/;
const POD_SECURITY_VERSION = /^(?:latest|v1\.(?:0|[1-9]\d*))$/;

function namespaceMistakes({ namespace }: DeploymentConfig): string[] {
  const entries = Object.entries(namespace.labels);
  if (!namespace.create && entries.length > 0)
    return [
      'namespace.labels is set, but namespace.create is false, so that no manifest has them; label the Namespace where it is created.',
    ];
  const own = Object.keys(sharedLabels(namespace.name));
  return entries.flatMap(([name, value]) => {
    const label = `namespace.labels["${name}"]`;
    if (own.includes(name)) {
      return [`${label} is set by the deployment, whose objects are found by it; remove it.`];
    }
    const [isPodSecurity, version] = POD_SECURITY_LABEL.exec(name) ?? [];
    if (isPodSecurity === undefined) return [];
    if (version === undefined) {
      return POD_SECURITY_LEVEL.test(value)
        ? []
        : [`${label} is "${value}"; it must be restricted, baseline or privileged.`];
    }
    return POD_SECURITY_VERSION.test(value) ? [] : [`${label} is "${value}"; it must be latest or such as v1.33.`];
  });
}

/** A sentence for each name or address that two workloads claim. */
function clashes({ workloads }: DeploymentConfig): string[] {
  const seen = new Map<string, number>();
  return workloads.flatMap(({ name, canary, exposure, kserve, backfills }, index) => {
    const { gateway, host, path, route } = exposure;
    const grpcHost = route === 'gateway' ? gateway.grpcHost : undefined;
    const reserved =
      name === BASE_CHART
        ? [`workloads[${index}].name is ${name}, the name of the chart with what the workloads share; choose another.`]
        : [];
    const named = [
      ...(canary.enabled ? [{ field: 'canary', value: `${name}-canary` }] : []),
      ...(kserve.enabled ? [{ field: 'kserve', value: `${name}-predictor` }] : []),
      ...(kserve.enabled && canary.enabled ? [{ field: 'kserve', value: `${name}-canary-predictor` }] : []),
      ...backfills.map((job) => ({ field: 'backfills', value: `${name}-${job.name}` })),
    ];
    const claims = [
      { key: `name ${name}`, field: 'name', value: name },
      { key: `name ${name}-metrics`, field: 'name', value: `${name}-metrics` },
      ...named.map(({ field, value }) => ({ key: `name ${value}`, field, value })),
      // Routes compare whole parts of a path: /a and /a/ are the same prefix.
      ...(route === 'none'
        ? []
        : [{ key: `host ${host} ${path.replace(/\/$/, '')}`, field: 'exposure.host', value: `${host}${path}` }]),
      ...(grpcHost === undefined
        ? []
        : [{ key: `host ${grpcHost} gRPC`, field: 'exposure.gateway.grpcHost', value: grpcHost }]),
    ];
    const taken = claims.flatMap(({ key, field, value }) => {
      const other = seen.get(key);
      seen.set(key, index);
      return other === undefined
        ? []
        : [`workloads[${index}].${field} claims ${value}, which workloads[${other}] already has; choose another.`];
    });
    return [...reserved, ...taken];
  });
}

/**
 * Checks a configuration: each field by itself, and fields that must fit each other.
 *
 * @throws {ConfigError} with a sentence for every mistake. Fields are compared with each other only if each of them is
 * valid by itself.
 */
export function checkConfig(candidate: unknown): DeploymentConfig {
  const shape = deploymentSchema.safeParse(candidate);
  const mistakes = shape.success
    ? crossChecks(shape.data)
    : sentencesOf(shape.error.issues, candidate, deploymentSchema);
  if (mistakes.length > 0 || !shape.success) throw new ConfigError(mistakes);
  return shape.data;
}
