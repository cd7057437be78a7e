import type { Construct } from 'constructs';
import { PrometheusRule } from '../../../imports/monitoring.coreos.com.ts';
import { ruleGroups } from '../../monitoring/alerts.ts';
import type { WorkloadContext } from '../../workload/context.ts';
import { objectMeta } from '../../workload/names.ts';

/** The workload's alerts and recording rules, for the Prometheus operator. */
export class AlertRules extends PrometheusRule {
  constructor(scope: Construct, id: string, context: WorkloadContext) {
    const { name, observability } = context.workload;
    super(scope, id, {
      metadata: objectMeta(context, name, observability.alerts.labels),
      spec: { groups: ruleGroups(context) },
    });
  }
}
