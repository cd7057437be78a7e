import { Construct } from 'constructs';
import { HttpRoute } from '../../imports/gateway.networking.k8s.io.ts';
import { trackName, workloadLabels } from '../workload/names.ts';
import type { WorkloadContext } from '../workload/context.ts';

/** Requests by the Gateway API. A canary gets its share by weights; without one, all goes to the stable version. */
export class GatewayRoute extends Construct {
  readonly route: HttpRoute;

  constructor(scope: Construct, id: string, context: WorkloadContext) {
    super(scope, id);
    const { exposure, canary } = context.workload;
    const { name, namespace, sectionName } = exposure.gateway;
    const { port } = exposure.service;
    const seconds = `${exposure.readTimeoutSeconds}s`;
    this.route = new HttpRoute(this, 'route', {
      metadata: {
        name: context.workload.name,
        namespace: context.namespace,
        labels: workloadLabels(context),
      },
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
