import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import type { DeploymentConfig } from '../config/schema.ts';
import { DeploymentNamespace } from '../constructs/namespace.ts';

/** What the workloads share. Being depended upon, its file sorts first, so that `kubectl apply -f dist` finds the namespace made. */
export class BaseChart extends Chart {
  constructor(scope: Construct, config: DeploymentConfig) {
    super(scope, 'base', { disableResourceNameHashes: true });
    if (config.namespace.create) new DeploymentNamespace(this, 'namespace', config);
  }
}
