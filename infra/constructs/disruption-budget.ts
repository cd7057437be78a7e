import { k8s } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import type { WorkloadContext } from '../workload/context.ts';
import { objectMeta, trackSelector } from '../workload/names.ts';

/** Keeps a node drain from taking all pods of the stable version at once. */
export class DisruptionBudget extends Construct {
  constructor(scope: Construct, id: string, context: WorkloadContext) {
    super(scope, id);
    const { name, disruption } = context.workload;
    new k8s.KubePodDisruptionBudget(this, 'budget', {
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
