import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import type { WorkloadContext } from '../../workload/context.ts';
import {
  metricsPortName,
  objectMeta,
  PORT_NAMES,
  trackName,
  trackSelector,
  workloadSelector,
  type Track,
} from '../../workload/names.ts';

/**
 * Label by which a ServiceMonitor finds the Service for metrics. It is no common one, as tools that deploy give those
 * values of their own: Argo CD's label tracking sets `app.kubernetes.io/instance` of every object.
 */
export function metricsServiceLabel({ workload }: WorkloadContext): Record<string, string> {
  return { 'metrics-of': workload.name };
}

/** The Service for the requests of a track. */
export class RequestService extends k8s.KubeService {
  constructor(scope: Construct, id: string, context: WorkloadContext, track: Track) {
    const { service, route } = context.workload.exposure;
    // Istio's subsets divide the pods of one Service; every other route has a Service per track.
    const shared = route === 'istio' && track === 'stable';
    super(scope, id, {
      metadata: {
        ...objectMeta(context, trackName(context, track), { track }),
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
          ...(context.server.grpcPort === undefined
            ? []
            : [
                {
                  name: PORT_NAMES.grpc,
                  port: service.grpcPort,
                  targetPort: k8s.IntOrString.fromString(PORT_NAMES.grpc),
                  protocol: 'TCP',
                  // HTTP/2 without TLS.
                  appProtocol: 'kubernetes.io/h2c',
                },
              ]),
        ],
      },
    });
  }
}

/** The Service for the metrics of both tracks, separate so that no route for requests leads to them. */
export class MetricsService extends k8s.KubeService {
  constructor(scope: Construct, id: string, context: WorkloadContext) {
    super(scope, id, {
      metadata: objectMeta(context, `${context.workload.name}-metrics`, {
        'app.kubernetes.io/component': 'metrics',
        ...metricsServiceLabel(context),
      }),
      spec: {
        // Prometheus scrapes each pod separately, those that are not ready included.
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
