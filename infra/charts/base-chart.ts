import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import type { DeploymentConfig } from '../config/schema.ts';
import { AdapterRules } from '../constructs/scaling/adapter-rules.ts';
import { DeploymentNamespace } from '../constructs/namespace.ts';
import type { WorkloadContext } from '../workload/context.ts';
import { BASE_CHART } from '../workload/names.ts';

/**
 * What the workloads share. They depend on it, so its file sorts first and `kubectl apply -f dist` creates the
 * namespace before everything else.
 */
export class BaseChart extends Chart {
  constructor(scope: Construct, config: DeploymentConfig, workloads: readonly WorkloadContext[]) {
    super(scope, BASE_CHART, { disableResourceNameHashes: true });
    if (config.namespace.create) new DeploymentNamespace(this, 'namespace', config);
    const scaled = workloads.filter(({ workload }) => workload.autoscaling.adapter.rules);
    if (scaled.length > 0) new AdapterRules(this, 'adapter-rules', config.namespace.name, scaled);
  }
}
