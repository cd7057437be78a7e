import { k8s } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import type { WorkloadContext } from '../workload/context.ts';
import { objectMeta, PORT_NAMES, trackName } from '../workload/names.ts';
import { ingressAnnotations } from './ingress-annotations.ts';

/** Name of the action with the weights for the AWS controller; it takes the place of a Service. */
const ALB_ACTION = 'weighted';

/** Route for requests by an ingress controller, whose annotations give a canary its share. */
export class IngressRoute extends Construct {
  constructor(scope: Construct, id: string, context: WorkloadContext) {
    super(scope, id);
    const { exposure, canary } = context.workload;
    const annotations = ingressAnnotations(exposure);
    if (canary.enabled && exposure.ingress.controller === 'aws-alb') {
      addIngress(this, 'ingress', context, {
        name: trackName(context, 'stable'),
        backend: { name: ALB_ACTION, port: { name: 'use-annotation' } },
        annotations: { ...annotations, ...issuer(context), ...albWeights(context) },
      });
      return;
    }
    addIngress(this, 'ingress', context, {
      name: trackName(context, 'stable'),
      backend: { name: trackName(context, 'stable'), port: { name: PORT_NAMES.http } },
      annotations: { ...annotations, ...issuer(context) },
    });
    if (!canary.enabled) return;
    addIngress(this, 'canary', context, {
      name: trackName(context, 'canary'),
      backend: { name: trackName(context, 'canary'), port: { name: PORT_NAMES.http } },
      annotations: {
        ...annotations,
        'nginx.ingress.kubernetes.io/canary': 'true',
        'nginx.ingress.kubernetes.io/canary-weight': String(canary.weightPercent),
      },
    });
  }
}

/** Requests the certificate from cert-manager. Only one Ingress may, as two would both claim the Secret. */
function issuer({ workload }: WorkloadContext): Record<string, string> {
  const { enabled, clusterIssuer } = workload.exposure.ingress.tls;
  return enabled && clusterIssuer !== undefined ? { 'cert-manager.io/cluster-issuer': clusterIssuer } : {};
}

function albWeights(context: WorkloadContext): Record<string, string> {
  const { canary, exposure } = context.workload;
  const group = (track: 'stable' | 'canary', weight: number) => ({
    serviceName: trackName(context, track),
    servicePort: exposure.service.port,
    weight,
  });
  const action = {
    type: 'forward',
    forwardConfig: {
      targetGroups: [group('stable', 100 - canary.weightPercent), group('canary', canary.weightPercent)],
    },
  };
  return { [`alb.ingress.kubernetes.io/actions.${ALB_ACTION}`]: JSON.stringify(action) };
}

interface IngressParts {
  readonly name: string;
  readonly backend: k8s.IngressServiceBackend;
  readonly annotations: Record<string, string>;
}

function addIngress(scope: Construct, id: string, context: WorkloadContext, parts: IngressParts): void {
  const { exposure } = context.workload;
  const { tls, className } = exposure.ingress;
  new k8s.KubeIngress(scope, id, {
    metadata: {
      ...objectMeta(context, parts.name),
      ...(Object.keys(parts.annotations).length > 0 ? { annotations: parts.annotations } : {}),
    },
    spec: {
      ingressClassName: className,
      ...(tls.enabled ? { tls: [{ hosts: [exposure.host], secretName: tls.secretName }] } : {}),
      rules: [
        {
          host: exposure.host,
          http: {
            paths: [{ path: exposure.path, pathType: 'Prefix', backend: { service: parts.backend } }],
          },
        },
      ],
    },
  });
}
