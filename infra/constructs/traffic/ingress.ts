import { k8s } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import type { ExposureConfig } from '../../config/schema.ts';
import type { ServerFacts } from '../../config/server-facts.ts';
import type { WorkloadContext } from '../../workload/context.ts';
import { objectMeta, PORT_NAMES, trackName } from '../../workload/names.ts';
import { trafficShares } from '../../workload/track.ts';

/** Annotations for the body limit, the timeouts and health checks; empty where they are set elsewhere or do not exist. */
const ANNOTATIONS: Record<
  ExposureConfig['ingress']['controller'],
  (exposure: ExposureConfig, server: ServerFacts) => Record<string, string>
> = {
  'ingress-nginx': ({ bodyLimitMb, readTimeoutSeconds }) => ({
    'nginx.ingress.kubernetes.io/proxy-body-size': `${bodyLimitMb}m`,
    'nginx.ingress.kubernetes.io/proxy-read-timeout': String(readTimeoutSeconds),
    'nginx.ingress.kubernetes.io/proxy-send-timeout': String(readTimeoutSeconds),
  }),
  'f5-nginx': ({ bodyLimitMb, readTimeoutSeconds }) => ({
    'nginx.org/client-max-body-size': `${bodyLimitMb}m`,
    'nginx.org/proxy-read-timeout': `${readTimeoutSeconds}s`,
    'nginx.org/proxy-send-timeout': `${readTimeoutSeconds}s`,
  }),
  'haproxy-ingress': ({ bodyLimitMb, readTimeoutSeconds }) => ({
    'haproxy-ingress.github.io/proxy-body-size': `${bodyLimitMb}m`,
    'haproxy-ingress.github.io/timeout-server': `${readTimeoutSeconds}s`,
  }),
  'aws-alb': ({ readTimeoutSeconds }, { paths }) => ({
    'alb.ingress.kubernetes.io/target-type': 'ip',
    // The load balancer asks the pods itself, by default for /, which need not exist.
    'alb.ingress.kubernetes.io/healthcheck-path': paths.ready,
    'alb.ingress.kubernetes.io/load-balancer-attributes': `idle_timeout.timeout_seconds=${readTimeoutSeconds}`,
  }),
  // Traefik sets limits by middlewares and entry points, not by annotations.
  traefik: () => ({}),
  other: () => ({}),
};

/** Annotations by which cert-manager is asked for a certificate. Only one Ingress may, as two would both claim the Secret. */
const CERTIFICATE_REQUEST = /^(?:acme\.)?cert-manager\.io\/|^kubernetes\.io\/tls-acme$/;

/** Name of the action with the weights for the AWS controller; it takes the place of a Service. */
const ALB_ACTION = 'weighted';

/** Route for requests by an ingress controller, whose annotations give a canary its share. */
export class IngressRoute extends Construct {
  constructor(scope: Construct, id: string, context: WorkloadContext) {
    super(scope, id);
    const { exposure, canary } = context.workload;
    const { controller } = exposure.ingress;
    const name = trackName(context, 'stable');
    // The configuration's annotations override those of the controller.
    const annotations = { ...ANNOTATIONS[controller](exposure, context.server), ...exposure.ingress.annotations };
    const albCanary = canary.enabled && controller === 'aws-alb';
    addIngress(this, 'ingress', context, {
      name,
      backend: albCanary
        ? { name: ALB_ACTION, port: { name: 'use-annotation' } }
        : { name, port: { name: PORT_NAMES.http } },
      annotations: { ...annotations, ...issuer(context), ...(albCanary ? albWeights(context) : {}) },
    });
    if (!canary.enabled || albCanary) return;
    addIngress(this, 'canary', context, {
      name: trackName(context, 'canary'),
      backend: { name: trackName(context, 'canary'), port: { name: PORT_NAMES.http } },
      annotations: {
        ...Object.fromEntries(Object.entries(annotations).filter(([key]) => !CERTIFICATE_REQUEST.test(key))),
        'nginx.ingress.kubernetes.io/canary': 'true',
        'nginx.ingress.kubernetes.io/canary-weight': String(canary.weightPercent),
      },
    });
  }
}

/** Requests the certificate from cert-manager. */
function issuer({ workload }: WorkloadContext): Record<string, string> {
  const { clusterIssuer } = workload.exposure.ingress.tls;
  return clusterIssuer === undefined ? {} : { 'cert-manager.io/cluster-issuer': clusterIssuer };
}

function albWeights(context: WorkloadContext): Record<string, string> {
  const targetGroups = trafficShares(context).map(({ track, percent }) => ({
    serviceName: trackName(context, track),
    servicePort: context.workload.exposure.service.port,
    weight: percent,
  }));
  const action = { type: 'forward', forwardConfig: { targetGroups } };
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
