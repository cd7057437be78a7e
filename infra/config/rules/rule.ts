import { atLeast, bytesOf, coresOf } from '../fields.ts';
import type { DeploymentConfig, WorkloadConfig } from '../schema.ts';
import type { ServerFacts } from '../server-facts.ts';

/** What a rule looks at. */
export interface RuleInput {
  readonly config: DeploymentConfig;
  readonly workload: WorkloadConfig;
  readonly server: ServerFacts;
}

/**
 * A rule on fields that must fit each other. It returns a sentence for each mistake, which begins with a field's path
 * within the workload.
 */
export type Rule = (input: RuleInput) => string | readonly string[] | undefined;

/** The values that occur more than once, each once. */
export function repeated(values: readonly string[]): string[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
}

/** A sentence for each resource of a container whose request is above its limit. */
export function exceedingRequests(path: string, { requests, limits }: WorkloadConfig['resources']): string[] {
  const exceeding = [
    ...(coresOf(requests.cpu) > coresOf(limits.cpu) ? (['cpu'] as const) : []),
    ...(['memory', 'ephemeralStorage'] as const).filter((kind) => bytesOf(requests[kind]) > bytesOf(limits[kind])),
  ];
  return exceeding.map(
    (kind) =>
      `${path}.requests.${kind} is ${requests[kind]}, above ${path}.limits.${kind}, which is ${limits[kind]}; a pod cannot request more than its limit.`,
  );
}

/** The sentence on a feature that the configuration's version of Kubernetes does not have; undefined if it does. */
export function tooOld(
  { kubernetesVersion }: DeploymentConfig,
  minimum: DeploymentConfig['kubernetesVersion'],
  needs: string,
  otherwise: string,
): string | undefined {
  return atLeast(kubernetesVersion, minimum)
    ? undefined
    : `${needs} Kubernetes ${minimum}, but kubernetesVersion is ${kubernetesVersion}; set it to ${minimum} if all clusters have that or a later one, or ${otherwise}.`;
}

/** `value` in MiB, rounded up, so that requesting the amount in a message is enough. */
export function mebibytes(value: number): string {
  return `${Math.ceil(value / 2 ** 20)}Mi`;
}
