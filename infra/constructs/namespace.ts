import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import type { DeploymentConfig } from '../config/schema.ts';
import { sharedLabels } from '../workload/names.ts';

/** The namespace, in which the cluster enforces the Pod Security level that the pods fulfil. */
export class DeploymentNamespace extends k8s.KubeNamespace {
  constructor(scope: Construct, id: string, { namespace }: DeploymentConfig) {
    const level = namespace.podSecurity;
    super(scope, id, {
      metadata: {
        name: namespace.name,
        labels: {
          ...sharedLabels(namespace.name),
          'pod-security.kubernetes.io/enforce': level,
          'pod-security.kubernetes.io/audit': level,
          'pod-security.kubernetes.io/warn': level,
          ...namespace.labels,
        },
      },
    });
  }
}
