import { config, extend, ofaLarge } from '../config.ts';

/** A cluster with KServe, which writes Deployments, Services and routes, and KEDA. */
export default extend(config, {
  kubernetesVersion: '1.33',
  workloads: [
    extend(ofaLarge, {
      kserve: { enabled: true },
      exposure: { route: 'none' },
      autoscaling: { by: 'keda', adapter: { rules: false } },
      networkPolicy: { clients: [{ namespace: 'gateway-system', podLabels: {} }] },
      observability: { scrapeAnnotations: false, monitor: 'PodMonitor', alerts: { enabled: true } },
    }),
  ],
});
