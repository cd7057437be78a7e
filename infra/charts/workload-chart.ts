import { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { AlertRules } from '../constructs/alert-rules.ts';
import { Canary } from '../constructs/canary.ts';
import { Dashboard } from '../constructs/dashboard.ts';
import { DisruptionBudget } from '../constructs/disruption-budget.ts';
import { GatewayRoute } from '../constructs/gateway-route.ts';
import { GpuClaimTemplate } from '../constructs/gpu-claim.ts';
import { IngressRoute } from '../constructs/ingress.ts';
import { IstioRoute } from '../constructs/istio-route.ts';
import { KedaScaler } from '../constructs/keda-scaler.ts';
import { MetricsMonitor } from '../constructs/metrics-monitor.ts';
import { ModelStorage } from '../constructs/model-storage.ts';
import { workloadLabels } from '../workload/names.ts';
import type { WorkloadContext } from '../workload/context.ts';
import { PodAutoscaler } from '../constructs/pod-autoscaler.ts';
import { ServerDeployment } from '../constructs/server-deployment.ts';
import { TrafficPolicy } from '../constructs/traffic-policy.ts';
import { MetricsService, RequestService } from '../constructs/workload-services.ts';

/** One workload: its server, and what exposes, scales and observes it. */
export class WorkloadChart extends Chart {
  private readonly context: WorkloadContext;

  constructor(scope: Construct, context: WorkloadContext) {
    super(scope, context.workload.name, { disableResourceNameHashes: true });
    this.context = context;
    this.addServer();
    this.addExposure();
    this.addScaling();
    this.addObservability();
  }

  private addServer(): void {
    const { workload, namespace } = this.context;
    const { autoscaling, canary, gpu, image, model, name, replicas } = workload;
    new k8s.KubeServiceAccount(this, 'service-account', {
      metadata: { name, namespace, labels: workloadLabels(this.context) },
      automountServiceAccountToken: false,
    });
    const source = [model, canary.model].map((from) => from?.source).find((from) => from?.kind === 'claim');
    if (source?.kind === 'claim') new ModelStorage(this, 'models', this.context, source);
    if (gpu.kind === 'dra') new GpuClaimTemplate(this, 'gpu', this.context, gpu);
    new ServerDeployment(this, 'stable', this.context, {
      track: 'stable',
      image,
      model,
      ...(autoscaling.by === 'none' ? { replicas } : {}),
    });
    if (canary.enabled) new Canary(this, 'canary', this.context);
  }

  private addExposure(): void {
    new RequestService(this, 'requests', this.context, 'stable');
    new MetricsService(this, 'metrics', this.context);
    switch (this.context.workload.exposure.route) {
      case 'ingress':
        new IngressRoute(this, 'route', this.context);
        break;
      case 'gateway':
        new GatewayRoute(this, 'route', this.context);
        break;
      case 'istio':
        new IstioRoute(this, 'route', this.context);
        break;
      case 'none':
        break;
    }
    if (this.context.workload.networkPolicy.enabled) new TrafficPolicy(this, 'traffic', this.context);
  }

  private addScaling(): void {
    const { autoscaling, disruption } = this.context.workload;
    if (autoscaling.by === 'hpa') new PodAutoscaler(this, 'scaling', this.context);
    if (autoscaling.by === 'keda') new KedaScaler(this, 'scaling', this.context);
    if (disruption.enabled) new DisruptionBudget(this, 'disruption', this.context);
  }

  private addObservability(): void {
    const { monitor, alerts, dashboard } = this.context.workload.observability;
    if (monitor !== 'none') new MetricsMonitor(this, 'monitor', this.context, monitor);
    if (alerts.enabled) new AlertRules(this, 'alerts', this.context);
    if (dashboard.enabled) new Dashboard(this, 'dashboard', this.context);
  }
}
