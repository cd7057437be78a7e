import { Construct } from 'constructs';
import { PrometheusRule } from '../../imports/monitoring.coreos.com.ts';
import { ruleGroups } from '../monitoring/alerts.ts';
import { workloadLabels } from '../workload/names.ts';
import type { WorkloadContext } from '../workload/context.ts';

/** The workload's alerts and what they are computed from, for the Prometheus operator. */
export class AlertRules extends Construct {
  readonly rule: PrometheusRule;

  constructor(scope: Construct, id: string, context: WorkloadContext) {
    super(scope, id);
    const { name, observability } = context.workload;
    this.rule = new PrometheusRule(this, 'rule', {
      metadata: {
        name,
        namespace: context.namespace,
        labels: { ...workloadLabels(context), ...observability.alerts.labels },
      },
      spec: { groups: ruleGroups(context) },
    });
  }
}
