import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import type { WorkloadContext } from '../../workload/context.ts';
import { priorityClassNameOf, workloadLabels } from '../../workload/names.ts';

/**
 * Below 0, the priority of pods without a class, and below a canary's, so that pods of the service take the place of a
 * backfill's. Not below -10, where the cluster autoscaler adds no nodes.
 */
const PRIORITY = -2;

/** The priority of backfills that name no other. */
export class BackfillPriority extends k8s.KubePriorityClass {
  constructor(scope: Construct, id: string, context: WorkloadContext) {
    super(scope, id, {
      metadata: { name: priorityClassNameOf(context, 'backfill'), labels: workloadLabels(context) },
      value: PRIORITY,
      preemptionPolicy: 'Never',
      description: `Backfills of ${context.workload.name}: they make room for the service and preempt nothing.`,
    });
  }
}
