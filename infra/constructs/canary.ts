import { Construct } from 'constructs';
import type { WorkloadContext } from '../workload/context.ts';
import { ServerDeployment } from './server-deployment.ts';
import { RequestService } from './workload-services.ts';

/**
 * The second version: a Deployment and a Service of its own. The route gives it its share of the traffic
 * (`canary.weightPercent`). To promote it, make its image the workload's and disable it.
 */
export class Canary extends Construct {
  constructor(scope: Construct, id: string, context: WorkloadContext) {
    super(scope, id);
    const { canary, model, exposure } = context.workload;
    new ServerDeployment(this, 'server', context, {
      track: 'canary',
      image: canary.image,
      model: canary.model ?? model,
      replicas: canary.replicas,
    });
    // Istio divides the pods of the stable Service.
    if (exposure.route !== 'istio') new RequestService(this, 'requests', context, 'canary');
  }
}
