import { describe, expect, it } from 'vitest';
import type { DeploymentConfig } from '../../../infra/config.ts';
import { manifestsOf, only } from '../manifests.ts';
import { scenarios, withWorkload } from '../scenarios.ts';

describe('ingress', () => {
  const annotationsOf = (config: DeploymentConfig, name = 'ofa-ve') =>
    only(manifestsOf(config), 'Ingress', name).metadata.annotations ?? {};

  it.each([
    ['ingress-nginx', 'nginx.ingress.kubernetes.io/proxy-body-size', '50m'],
    ['ingress-nginx', 'nginx.ingress.kubernetes.io/proxy-read-timeout', '120'],
    ['ingress-nginx', 'nginx.ingress.kubernetes.io/proxy-send-timeout', '120'],
    ['f5-nginx', 'nginx.org/client-max-body-size', '50m'],
    ['f5-nginx', 'nginx.org/proxy-read-timeout', '120s'],
    ['f5-nginx', 'nginx.org/proxy-send-timeout', '120s'],
    ['haproxy-ingress', 'haproxy-ingress.github.io/proxy-body-size', '50m'],
    ['haproxy-ingress', 'haproxy-ingress.github.io/timeout-server', '120s'],
    ['aws-alb', 'alb.ingress.kubernetes.io/load-balancer-attributes', 'idle_timeout.timeout_seconds=120'],
    ['aws-alb', 'alb.ingress.kubernetes.io/healthcheck-path', '/readyz'],
  ] as const)('tells %s by %s', (controller, annotation, value) => {
    const networkPolicy = { clients: [], clientNetworks: ['10.0.0.0/16'] };
    const ingress = { controller, className: controller };
    expect(annotationsOf(withWorkload({ exposure: { ingress }, networkPolicy }))).toMatchObject({
      [annotation]: value,
    });
  });

  it('lets the annotations of the configuration override those of the controller', () => {
    const annotations = { 'nginx.ingress.kubernetes.io/proxy-read-timeout': '600' };
    expect(annotationsOf(withWorkload({ exposure: { ingress: { annotations } } }))).toMatchObject(annotations);
  });

  it('requests the certificate once, although the canary has its own Ingress', () => {
    const config = scenarios.everything;
    expect(annotationsOf(config)).toHaveProperty(['cert-manager.io/cluster-issuer'], 'letsencrypt');
    expect(annotationsOf(config, 'ofa-ve-canary')).not.toHaveProperty(['cert-manager.io/cluster-issuer']);
  });
});
