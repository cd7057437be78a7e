import { k8s } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { ingressAnnotations } from './ingress-annotations.ts';
import { PORT_NAMES, trackName, workloadLabels } from '../workload/names.ts';
import type { WorkloadContext } from '../workload/context.ts';

/** The action under which the AWS controller looks up the weights: it stands where a Service would. */
const ALB_ACTION = 'weighted';

/** Requests by an ingress controller; while there is a canary, with its share by the controller's annotations. */
export class IngressRoute extends Construct {
  readonly stable: k8s.KubeIngress;
  readonly canary?: k8s.KubeIngress;

  constructor(scope: Construct, id: string, context: WorkloadContext) {
    super(scope, id);
    const { exposure, canary } = context.workload;
    const annotations = ingressAnnotations(exposure);
    if (canary.enabled && exposure.ingress.controller === 'aws-alb') {
      this.stable = ingress(this, 'ingress', context, {
        name: trackName(context, 'stable'),
        backend: { name: ALB_ACTION, port: { name: 'use-annotation' } },
        annotations: { ...annotations, ...issuer(context), ...albWeights(context) },
      });
      return;
    }
    this.stable = ingress(this, 'ingress', context, {
      name: trackName(context, 'stable'),
      backend: { name: trackName(context, 'stable'), port: { name: PORT_NAMES.http } },
      annotations: { ...annotations, ...issuer(context) },
    });
    if (!canary.enabled) return;
    this.canary = ingress(this, 'canary', context, {
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

/** Asks cert-manager for the certificate: by one Ingress only, as two would both claim the Secret. */
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

function ingress(
  scope: Construct,
  id: string,
  context: WorkloadContext,
  parts: IngressParts,
): k8s.KubeIngress {
  const { exposure } = context.workload;
  const { tls, className } = exposure.ingress;
  return new k8s.KubeIngress(scope, id, {
    metadata: {
      name: parts.name,
      namespace: context.namespace,
      labels: workloadLabels(context),
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
