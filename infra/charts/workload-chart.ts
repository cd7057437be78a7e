import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { AlertRules } from '../constructs/monitoring/alert-rules.ts';
import { Backfills } from '../constructs/backfills/backfills.ts';
import { Canary } from '../constructs/canary.ts';
import { Dashboard } from '../constructs/monitoring/dashboard.ts';
import { DisruptionBudget } from '../constructs/disruption-budget.ts';
import { GatewayGrpcRoute, GatewayRoute } from '../constructs/traffic/gateway-route.ts';
import { GpuClaimTemplate } from '../constructs/pods/gpu-claim.ts';
import { IngressRoute } from '../constructs/traffic/ingress.ts';
import { IstioRoute } from '../constructs/traffic/istio-route.ts';
import { KedaScaler } from '../constructs/scaling/keda-scaler.ts';
import { KserveWorkload } from '../constructs/kserve.ts';
import { MetricsMonitor } from '../constructs/monitoring/metrics-monitor.ts';
import { ModelStorage } from '../constructs/pods/model-storage.ts';
import type { WorkloadContext } from '../workload/context.ts';
import { trackProps } from '../workload/track.ts';
import { PodAutoscaler } from '../constructs/scaling/pod-autoscaler.ts';
import { ServerDeployment } from '../constructs/server-deployment.ts';
import { PodServiceAccount } from '../constructs/service-account.ts';
import { TrafficPolicy } from '../constructs/traffic/traffic-policy.ts';
import { MetricsService, RequestService } from '../constructs/traffic/workload-services.ts';

/** The constructs of the routes. */
const ROUTES = { ingress: IngressRoute, gateway: GatewayRoute, istio: IstioRoute };

/** One workload: its server, and what exposes, scales and observes it. */
export class WorkloadChart extends Chart {
  constructor(scope: Construct, context: WorkloadContext) {
    const { workload } = context;
    const { autoscaling, canary, disruption, exposure, gpu, kserve, model, name, networkPolicy } = workload;
    super(scope, name, { disableResourceNameHashes: true });

    new PodServiceAccount(this, 'service-account', context);
    const source = [model, canary.model].map((from) => from?.source).find((from) => from?.kind === 'claim');
    if (source !== undefined) new ModelStorage(this, 'models', context, source);
    if (gpu.kind === 'dra') new GpuClaimTemplate(this, 'gpu', context, gpu);
    if (kserve.enabled) {
      new KserveWorkload(this, 'kserve', context);
    } else {
      new ServerDeployment(this, 'stable', context, {
        ...trackProps(context, 'stable'),
        ...(workload.replicas === undefined ? {} : { replicas: workload.replicas }),
      });
    }
    if (canary.enabled) new Canary(this, 'canary', context);
    if (workload.backfills.length > 0) new Backfills(this, 'backfills', context);

    new RequestService(this, 'requests', context, 'stable');
    new MetricsService(this, 'metrics', context);
    if (exposure.route !== 'none') new ROUTES[exposure.route](this, 'route', context);
    const { grpcHost } = exposure.gateway;
    if (exposure.route === 'gateway' && grpcHost !== undefined) {
      new GatewayGrpcRoute(this, 'grpc-route', context, grpcHost);
    }
    if (networkPolicy.enabled) new TrafficPolicy(this, 'traffic', context);

    if (autoscaling.by === 'hpa') new PodAutoscaler(this, 'scaling', context);
    if (autoscaling.by === 'keda') new KedaScaler(this, 'scaling', context);
    if (disruption.enabled) new DisruptionBudget(this, 'disruption', context);

    const { monitor, alerts, dashboard } = workload.observability;
    if (monitor !== 'none') new MetricsMonitor(this, 'monitor', context, monitor);
    if (alerts.enabled) new AlertRules(this, 'alerts', context);
    if (dashboard.enabled) new Dashboard(this, 'dashboard', context);
  }
}
