import { k8s } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import type { DeploymentConfig } from '../config/schema.ts';
import { SHARED_LABELS } from '../workload/names.ts';

/** The namespace, in which the cluster enforces the Pod Security level that the pods fulfil. */
export class DeploymentNamespace extends Construct {
  constructor(scope: Construct, id: string, { namespace }: DeploymentConfig) {
    super(scope, id);
    const level = namespace.podSecurity;
    new k8s.KubeNamespace(this, 'namespace', {
      metadata: {
        name: namespace.name,
        labels: {
          ...SHARED_LABELS,
          'pod-security.kubernetes.io/enforce': level,
          'pod-security.kubernetes.io/audit': level,
          'pod-security.kubernetes.io/warn': level,
          ...namespace.labels,
        },
      },
    });
  }
}
