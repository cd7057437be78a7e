import { k8s } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import type { WorkloadContext } from '../workload/context.ts';
import { canaryPriorityClass, workloadLabels } from '../workload/names.ts';
import { trackProps } from '../workload/track.ts';
import { ServerDeployment } from './server-deployment.ts';
import { RequestService } from './traffic/workload-services.ts';

/** Below that of pods without a PriorityClass, which is 0. */
const CANARY_PRIORITY = -1;

/**
 * The second version: a Deployment, unless KServe writes it, and a Service of its own. The route gives it its share of the traffic
 * (`canary.weightPercent`). To promote it, make its image the workload's and disable it.
 *
 * Its pods have a lower priority than the stable ones. Otherwise, a canary pod that waits for a GPU would take the one
 * that a rollout of the stable version has just freed, and that rollout would stand still.
 */
export class Canary extends Construct {
  constructor(scope: Construct, id: string, context: WorkloadContext) {
    super(scope, id);
    const { canary, exposure, kserve } = context.workload;
    const priorityClass = canaryPriorityClass(context);
    if (priorityClass.own) {
      new k8s.KubePriorityClass(this, 'priority', {
        metadata: { name: priorityClass.name, labels: workloadLabels(context) },
        value: CANARY_PRIORITY,
        preemptionPolicy: 'Never',
        description: `Canary of ${context.workload.name} in ${context.namespace}: gives way to the stable version.`,
      });
    }
    if (!kserve.enabled) {
      new ServerDeployment(this, 'server', context, { ...trackProps(context, 'canary'), replicas: canary.replicas });
    }
    // Istio divides the pods of the stable Service.
    if (exposure.route !== 'istio') new RequestService(this, 'requests', context, 'canary');
  }
}
