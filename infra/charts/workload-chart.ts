import { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import type { DeploymentConfig, WorkloadConfig } from '../config/schema.ts';
import { IngressRoute } from '../constructs/ingress.ts';
import { contextOf, workloadLabels } from '../constructs/naming.ts';
import { ServerDeployment } from '../constructs/server-deployment.ts';
import { MetricsService, RequestService } from '../constructs/workload-services.ts';

/** One workload with everything around it. */
export class WorkloadChart extends Chart {
  constructor(scope: Construct, config: DeploymentConfig, workload: WorkloadConfig) {
    super(scope, workload.name, { disableResourceNameHashes: true });
    const context = contextOf(workload, config.namespace.name, config.kubernetesVersion);
    new k8s.KubeServiceAccount(this, 'service-account', {
      metadata: { name: workload.name, namespace: context.namespace, labels: workloadLabels(context) },
      automountServiceAccountToken: false,
    });
    new ServerDeployment(this, 'stable', context, {
      track: 'stable',
      image: workload.image,
      model: workload.model,
      ...(workload.autoscaling.by === 'none' ? { replicas: workload.replicas } : {}),
    });
    new RequestService(this, 'requests', context, 'stable');
    new MetricsService(this, 'metrics', context);
    if (workload.exposure.route === 'ingress') new IngressRoute(this, 'route', context);
  }
}
