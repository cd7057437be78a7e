import { Construct } from 'constructs';
import { DestinationRule, VirtualService } from '../../imports/networking.istio.io.ts';
import { trackName, workloadLabels } from '../workload/names.ts';
import type { Track } from '../workload/names.ts';
import type { WorkloadContext } from '../workload/context.ts';

/** Requests by Istio: its subsets divide one Service's pods, for callers from outside and within the mesh alike. */
export class IstioRoute extends Construct {
  readonly virtualService: VirtualService;
  readonly destinationRule: DestinationRule;

  constructor(scope: Construct, id: string, context: WorkloadContext) {
    super(scope, id);
    const { workload, namespace } = context;
    const { exposure, canary } = workload;
    const metadata = { name: workload.name, namespace, labels: workloadLabels(context) };
    const host = `${trackName(context, 'stable')}.${namespace}.svc.cluster.local`;
    const tracks: Track[] = canary.enabled ? ['stable', 'canary'] : ['stable'];
    const share = { stable: canary.enabled ? 100 - canary.weightPercent : 100, canary: canary.weightPercent };
    this.destinationRule = new DestinationRule(this, 'destination', {
      metadata,
      spec: {
        host,
        trafficPolicy: { loadBalancer: { simple: 'LEAST_REQUEST' } },
        subsets: tracks.map((track) => ({ name: track, labels: { track } })),
      },
    });
    this.virtualService = new VirtualService(this, 'route', {
      metadata,
      spec: {
        hosts: [exposure.host, host],
        gateways: [...exposure.istio.gateways, 'mesh'],
        http: [
          {
            match: [{ uri: { prefix: exposure.path } }],
            timeout: `${exposure.readTimeoutSeconds}s`,
            // Only what never reached a pod: the default would repeat 503s, and with them an overload.
            retries: { attempts: 2, retryOn: 'connect-failure,refused-stream' },
            route: tracks.map((track) => ({
              destination: { host, subset: track, port: { number: exposure.service.port } },
              weight: share[track],
            })),
          },
        ],
      },
    });
  }
}
