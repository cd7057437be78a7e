import { Construct } from 'constructs';
import {
  DestinationRule,
  VirtualService,
  type VirtualServiceSpecHttpMatch,
} from '../../../imports/networking.istio.io.ts';
import type { WorkloadContext } from '../../workload/context.ts';
import { objectMeta, trackName } from '../../workload/names.ts';
import { trafficShares } from '../../workload/track.ts';

/**
 * How much sooner than a pod Istio closes a connection without requests. By default, it keeps it for an hour, and a
 * request on one that the pod is closing would fail.
 */
const IDLE_MARGIN_SECONDS = 20;

/** Route for requests by Istio, whose subsets divide the pods of one Service, for callers in and outside the mesh. */
export class IstioRoute extends Construct {
  constructor(scope: Construct, id: string, context: WorkloadContext) {
    super(scope, id);
    const { workload, namespace, server } = context;
    const { exposure } = workload;
    const metadata = objectMeta(context, workload.name);
    const host = `${trackName(context, 'stable')}.${namespace}.svc.cluster.local`;
    const shares = trafficShares(context);
    const to = (port: number) => ({
      timeout: `${exposure.readTimeoutSeconds}s`,
      // Retry only what never reached a pod: by default, Istio also retries 503 and adds to an overload.
      retries: { attempts: 2, retryOn: 'connect-failure,refused-stream' },
      route: shares.map(({ track, percent }) => ({
        destination: { host, subset: track, port: { number: port } },
        weight: percent,
      })),
    });
    new DestinationRule(this, 'destination', {
      metadata,
      spec: {
        host,
        trafficPolicy: {
          loadBalancer: { simple: 'LEAST_REQUEST' },
          ...(server.idleConnectionSeconds === undefined
            ? {}
            : { connectionPool: { http: { idleTimeout: `${server.idleConnectionSeconds - IDLE_MARGIN_SECONDS}s` } } }),
        },
        subsets: shares.map(({ track }) => ({ name: track, labels: { track } })),
      },
    });
    new VirtualService(this, 'route', {
      metadata,
      spec: {
        hosts: [exposure.host, host],
        gateways: [...exposure.istio.gateways, 'mesh'],
        http: [
          // For callers in the mesh; a gateway has no port of the Service's number.
          ...(server.grpcPort === undefined
            ? []
            : [{ match: [{ port: exposure.service.grpcPort, gateways: ['mesh'] }], ...to(exposure.service.grpcPort) }]),
          { match: pathMatches(exposure.path), ...to(exposure.service.port) },
        ],
      },
    });
  }
}

/** Istio compares text, so that the prefix /a would take /ab as well. Ingresses and Gateways compare whole parts. */
function pathMatches(path: string): VirtualServiceSpecHttpMatch[] {
  const parts = path.replace(/\/$/, '');
  const below = { uri: { prefix: `${parts}/` } };
  return parts === '' ? [below] : [{ uri: { exact: parts } }, below];
}
