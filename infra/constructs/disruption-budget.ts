import { k8s } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { trackSelector, workloadLabels } from '../workload/names.ts';
import type { WorkloadContext } from '../workload/context.ts';

/** Keeps a node drain from taking all pods of the stable version at once. */
export class DisruptionBudget extends Construct {
  readonly budget: k8s.KubePodDisruptionBudget;

  constructor(scope: Construct, id: string, context: WorkloadContext) {
    super(scope, id);
    const { name, disruption } = context.workload;
    this.budget = new k8s.KubePodDisruptionBudget(this, 'budget', {
      metadata: { name, namespace: context.namespace, labels: workloadLabels(context) },
      spec: {
        maxUnavailable: k8s.IntOrString.fromNumber(disruption.maxUnavailable),
        // A pod that never gets ready (a broken GPU) must not keep its node from being drained.
        unhealthyPodEvictionPolicy: 'AlwaysAllow',
        selector: { matchLabels: trackSelector(context, 'stable') },
      },
    });
  }
}
