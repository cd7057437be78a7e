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

/** `value` in MiB, rounded up, so that requesting the amount in a message is enough. */
export function mebibytes(value: number): string {
  return `${Math.ceil(value / 2 ** 20)}Mi`;
}

/** Fewest pods of the stable version. */
export function leastPods({ autoscaling, replicas }: WorkloadConfig): number {
  return autoscaling.by === 'none' ? replicas : autoscaling.minReplicas;
}

/** Most pods of the stable version. */
export function mostPods({ autoscaling, replicas }: WorkloadConfig): number {
  return autoscaling.by === 'none' ? replicas : autoscaling.maxReplicas;
}
