import { Construct } from 'constructs';
import type { WorkloadContext } from '../workload/context.ts';
import { ServerDeployment } from './server-deployment.ts';
import { RequestService } from './workload-services.ts';

/**
 * The second version: a Deployment and a Service of its own. Its share of the traffic is the route's affair.
 * It is promoted by making its image the workload's and switching it off.
 */
export class Canary extends Construct {
  readonly server: ServerDeployment;
  readonly service?: RequestService;

  constructor(scope: Construct, id: string, context: WorkloadContext) {
    super(scope, id);
    const { canary, model, exposure } = context.workload;
    this.server = new ServerDeployment(this, 'server', context, {
      track: 'canary',
      image: canary.image,
      model: canary.model ?? model,
      replicas: canary.replicas,
    });
    // Istio divides the pods of the stable Service.
    if (exposure.route !== 'istio') this.service = new RequestService(this, 'requests', context, 'canary');
  }
}
