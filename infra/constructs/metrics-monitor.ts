import { Construct } from 'constructs';
import { PodMonitor, ServiceMonitor } from '../../imports/monitoring.coreos.com.ts';
import { metricsPortName, PORT_NAMES, workloadLabels, workloadSelector } from '../workload/names.ts';
import type { WorkloadContext } from '../workload/context.ts';
import { METRICS_SERVICE_LABEL } from './workload-services.ts';

/** Asks the Prometheus operator to read the pods' metrics, through their Service or directly. */
export class MetricsMonitor extends Construct {
  readonly monitor: PodMonitor | ServiceMonitor;

  constructor(scope: Construct, id: string, context: WorkloadContext, kind: 'PodMonitor' | 'ServiceMonitor') {
    super(scope, id);
    const { workload, server } = context;
    const { monitorLabels, scrapeIntervalSeconds } = workload.observability;
    const metadata = {
      name: workload.name,
      namespace: context.namespace,
      labels: { ...workloadLabels(context), ...monitorLabels },
    };
    const endpoint = { path: server.paths.metrics, interval: `${scrapeIntervalSeconds}s` };
    const selector = workloadSelector(context);
    const podTargetLabels = ['track', 'app.kubernetes.io/version'];
    this.monitor =
      kind === 'PodMonitor'
        ? new PodMonitor(this, 'monitor', {
            metadata,
            spec: {
              selector: { matchLabels: selector },
              podMetricsEndpoints: [{ port: metricsPortName(server), ...endpoint }],
              podTargetLabels,
            },
          })
        : new ServiceMonitor(this, 'monitor', {
            metadata,
            spec: {
              selector: { matchLabels: { ...selector, ...METRICS_SERVICE_LABEL } },
              endpoints: [{ port: PORT_NAMES.metrics, ...endpoint }],
              podTargetLabels,
            },
          });
  }
}
