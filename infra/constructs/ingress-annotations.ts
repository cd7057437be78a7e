import type { ExposureConfig } from '../config/schema.ts';
import type { IngressController } from '../config/network.ts';

/** Annotations for the body limit and the timeouts; empty where they are set elsewhere or do not exist. */
const ANNOTATIONS: Record<IngressController, (exposure: ExposureConfig) => Record<string, string>> = {
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
  'aws-alb': ({ readTimeoutSeconds }) => ({
    'alb.ingress.kubernetes.io/target-type': 'ip',
    'alb.ingress.kubernetes.io/load-balancer-attributes': `idle_timeout.timeout_seconds=${readTimeoutSeconds}`,
  }),
  // Traefik sets limits by middlewares and entry points, not by annotations.
  traefik: () => ({}),
  other: () => ({}),
};

/** Annotations of an Ingress: the controller's, overridden by those of the configuration. */
export function ingressAnnotations(exposure: ExposureConfig): Record<string, string> {
  const { controller, annotations } = exposure.ingress;
  return { ...ANNOTATIONS[controller](exposure), ...annotations };
}
