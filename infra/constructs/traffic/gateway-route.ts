import type { Construct } from 'constructs';
import { GrpcRoute, HttpRoute } from '../../../imports/gateway.networking.k8s.io.ts';
import type { WorkloadContext } from '../../workload/context.ts';
import { objectMeta, trackName } from '../../workload/names.ts';
import { trafficShares } from '../../workload/track.ts';

/** Route for requests by the Gateway API. Weights divide the traffic between the stable version and the canary. */
export class GatewayRoute extends HttpRoute {
  constructor(scope: Construct, id: string, context: WorkloadContext) {
    const { exposure } = context.workload;
    const seconds = `${exposure.readTimeoutSeconds}s`;
    super(scope, id, {
      metadata: objectMeta(context, context.workload.name),
      spec: {
        parentRefs: parentsOf(context),
        hostnames: [exposure.host],
        rules: [
          {
            matches: [{ path: { type: 'PathPrefix', value: exposure.path } }],
            timeouts: { request: seconds, backendRequest: seconds },
            backendRefs: backendsOf(context, exposure.service.port),
          },
        ],
      },
    });
  }
}

/** Route for gRPC, to the Service's port of its own. It has a host of its own, too. */
export class GatewayGrpcRoute extends GrpcRoute {
  constructor(scope: Construct, id: string, context: WorkloadContext, host: string) {
    const { name, exposure } = context.workload;
    super(scope, id, {
      metadata: objectMeta(context, name),
      spec: {
        parentRefs: parentsOf(context),
        hostnames: [host],
        rules: [{ backendRefs: backendsOf(context, exposure.service.grpcPort) }],
      },
    });
  }
}

// The server writes these defaults into lists, which applying a manifest without them would replace each time.
const PARENT = { group: 'gateway.networking.k8s.io', kind: 'Gateway' } as const;
const BACKEND = { group: '', kind: 'Service' } as const;

function parentsOf({ workload: { exposure } }: WorkloadContext) {
  const { name, namespace, sectionName } = exposure.gateway;
  return [
    {
      ...PARENT,
      name,
      namespace,
      ...(sectionName === undefined ? {} : { sectionName }),
    },
  ];
}

function backendsOf(context: WorkloadContext, port: number) {
  const shares = trafficShares(context);
  return shares.map(({ track, percent }) => ({
    ...BACKEND,
    name: trackName(context, track),
    port,
    weight: shares.length > 1 ? percent : 1,
  }));
}
