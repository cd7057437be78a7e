import type { KubernetesVersion } from '../config/fields.ts';
import type { DeploymentConfig, WorkloadConfig } from '../config/schema.ts';
import { serverFacts, type ServerFacts } from '../config/server-facts.ts';

/** What the constructs of a workload share. */
export interface WorkloadContext {
  readonly namespace: string;
  readonly kubernetesVersion: KubernetesVersion;
  readonly workload: WorkloadConfig;
  readonly server: ServerFacts;
}

export function contextOf(
  workload: WorkloadConfig,
  { namespace, kubernetesVersion }: Pick<DeploymentConfig, 'namespace' | 'kubernetesVersion'>,
): WorkloadContext {
  return { namespace: namespace.name, kubernetesVersion, workload, server: serverFacts(workload) };
}

/** Seconds that a pod may take from its creation on a node without the image until it counts as available. */
export function startSeconds({ rollout, probes }: WorkloadConfig): number {
  return rollout.imagePullSeconds + probes.startup.budgetSeconds + rollout.minReadySeconds + 60;
}
