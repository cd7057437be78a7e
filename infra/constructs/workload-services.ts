import { k8s } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import {
  metricsPortName,
  PORT_NAMES,
  trackName,
  trackSelector,
  workloadLabels,
  workloadSelector,
} from '../workload/names.ts';
import type { Track } from '../workload/names.ts';
import type { WorkloadContext } from '../workload/context.ts';

/** Label that tells the Service for metrics from those for requests. */
export const METRICS_SERVICE_LABEL = { 'app.kubernetes.io/component': 'metrics' } as const;

/** Name of the Service for metrics. */
export function metricsServiceName({ workload }: WorkloadContext): string {
  return `${workload.name}-metrics`;
}

/** The Service of a track's requests. */
export class RequestService extends Construct {
  readonly service: k8s.KubeService;

  constructor(scope: Construct, id: string, context: WorkloadContext, track: Track) {
    super(scope, id);
    const { service, route } = context.workload.exposure;
    // Istio's subsets divide the pods of one Service; every other route weighs one Service against another.
    const shared = route === 'istio' && track === 'stable';
    this.service = new k8s.KubeService(this, 'service', {
      metadata: {
        name: trackName(context, track),
        namespace: context.namespace,
        labels: { ...workloadLabels(context), track },
        ...(Object.keys(service.annotations).length > 0 ? { annotations: service.annotations } : {}),
      },
      spec: {
        type: track === 'stable' ? service.type : 'ClusterIP',
        selector: shared ? workloadSelector(context) : trackSelector(context, track),
        ports: [
          {
            name: PORT_NAMES.http,
            port: service.port,
            targetPort: k8s.IntOrString.fromString(PORT_NAMES.http),
            protocol: 'TCP',
            appProtocol: 'http',
          },
        ],
      },
    });
  }
}

/** The Service of the metrics, of both tracks and apart, so that no route for requests leads to them. */
export class MetricsService extends Construct {
  readonly service: k8s.KubeService;

  constructor(scope: Construct, id: string, context: WorkloadContext) {
    super(scope, id);
    this.service = new k8s.KubeService(this, 'service', {
      metadata: {
        name: metricsServiceName(context),
        namespace: context.namespace,
        labels: { ...workloadLabels(context), ...METRICS_SERVICE_LABEL },
      },
      spec: {
        // Prometheus asks every pod by itself, and one that is not ready yet has something to tell.
        clusterIp: 'None',
        publishNotReadyAddresses: true,
        selector: workloadSelector(context),
        ports: [
          {
            name: PORT_NAMES.metrics,
            port: context.server.ports.admin,
            targetPort: k8s.IntOrString.fromString(metricsPortName(context.server)),
            protocol: 'TCP',
          },
        ],
      },
    });
  }
}
