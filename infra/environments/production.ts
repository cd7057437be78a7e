import { config, extend, ofaLarge } from '../config.ts';

/**
 * A cluster with the Gateway API, the Prometheus operator and KEDA, the portable successors of ingress-nginx and
 * prometheus-adapter. Copy this file and fill in your names.
 */
export default extend(config, {
  kubernetesVersion: '1.33',
  workloads: [
    extend(ofaLarge, {
      server: {
        kind: 'ofa-ve',
        settings: { DEMO_PAGE: 'off' },
        apiKeys: { secretName: 'ofa-ve-api-keys', key: 'keys' },
      },
      exposure: { route: 'gateway' },
      autoscaling: { by: 'keda', adapter: { rules: false } },
      networkPolicy: { clients: [{ namespace: 'gateway-system', podLabels: {} }] },
      observability: {
        scrapeAnnotations: false,
        monitor: 'PodMonitor',
        alerts: { enabled: true },
        tracing: { enabled: true },
      },
    }),
  ],
});
