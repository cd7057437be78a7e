import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import type { WorkloadContext } from '../workload/context.ts';
import { objectMeta, trackSelector } from '../workload/names.ts';

/** Keeps a node drain from taking all pods of the stable version at once. */
export class DisruptionBudget extends k8s.KubePodDisruptionBudget {
  constructor(scope: Construct, id: string, context: WorkloadContext) {
    const { name, disruption } = context.workload;
    super(scope, id, {
      metadata: objectMeta(context, name),
      spec: {
        maxUnavailable: k8s.IntOrString.fromNumber(disruption.maxUnavailable),
        // A pod that never becomes ready (a broken GPU) must not block the drain of its node.
        unhealthyPodEvictionPolicy: 'AlwaysAllow',
        selector: { matchLabels: trackSelector(context, 'stable') },
      },
    });
  }
}
