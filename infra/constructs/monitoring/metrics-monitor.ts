import { Construct } from 'constructs';
import { requireChoice } from '../../../model/arguments.ts';
import { PodMonitor, ServiceMonitor } from '../../../imports/monitoring.coreos.com.ts';
import type { WorkloadContext } from '../../workload/context.ts';
import { metricsPortName, objectMeta, PORT_NAMES, workloadSelector } from '../../workload/names.ts';
import { metricsServiceLabel } from '../traffic/workload-services.ts';

/** Has the Prometheus operator scrape the pods, through their Service or directly. */
export class MetricsMonitor extends Construct {
  constructor(scope: Construct, id: string, context: WorkloadContext, kind: 'PodMonitor' | 'ServiceMonitor') {
    requireChoice('kind', ['PodMonitor', 'ServiceMonitor'], kind);
    super(scope, id);
    const { workload, server } = context;
    const { monitorLabels, scrapeIntervalSeconds } = workload.observability;
    const metadata = objectMeta(context, workload.name, monitorLabels);
    const endpoint = { path: server.paths.metrics, interval: `${scrapeIntervalSeconds}s` };
    const podTargetLabels = ['track', 'app.kubernetes.io/version'];
    if (kind === 'PodMonitor') {
      const podMetricsEndpoints = [{ port: metricsPortName(server), ...endpoint }];
      new PodMonitor(this, 'monitor', {
        metadata,
        spec: { selector: { matchLabels: workloadSelector(context) }, podMetricsEndpoints, podTargetLabels },
      });
    } else {
      const endpoints = [{ port: PORT_NAMES.metrics, ...endpoint }];
      new ServiceMonitor(this, 'monitor', {
        metadata,
        spec: { selector: { matchLabels: metricsServiceLabel(context) }, endpoints, podTargetLabels },
      });
    }
  }
}
