import type { Construct } from 'constructs';
import { HttpRoute } from '../../imports/gateway.networking.k8s.io.ts';
import type { WorkloadContext } from '../workload/context.ts';
import { objectMeta, trackName } from '../workload/names.ts';

/** Route for requests by the Gateway API. Weights divide the traffic between the stable version and the canary. */
export class GatewayRoute extends HttpRoute {
  constructor(scope: Construct, id: string, context: WorkloadContext) {
    const { exposure, canary } = context.workload;
    const { name, namespace, sectionName } = exposure.gateway;
    const { port } = exposure.service;
    const seconds = `${exposure.readTimeoutSeconds}s`;
    super(scope, id, {
      metadata: objectMeta(context, context.workload.name),
      spec: {
        parentRefs: [{ name, namespace, ...(sectionName === undefined ? {} : { sectionName }) }],
        hostnames: [exposure.host],
        rules: [
          {
            matches: [{ path: { type: 'PathPrefix', value: exposure.path } }],
            timeouts: { request: seconds, backendRequest: seconds },
            backendRefs: canary.enabled
              ? [
                  { name: trackName(context, 'stable'), port, weight: 100 - canary.weightPercent },
                  { name: trackName(context, 'canary'), port, weight: canary.weightPercent },
                ]
              : [{ name: trackName(context, 'stable'), port }],
          },
        ],
      },
    });
  }
}
