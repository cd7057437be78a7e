import type { WorkloadConfig } from './schema.ts';

/** Fewest pods of the stable version. */
export function leastPods({ autoscaling, replicas = 1 }: WorkloadConfig): number {
  return autoscaling.by === 'none' ? replicas : autoscaling.minReplicas;
}

/** Most pods of the stable version. */
export function mostPods({ autoscaling, replicas = 1 }: WorkloadConfig): number {
  return autoscaling.by === 'none' ? replicas : autoscaling.maxReplicas;
}
