import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import type { WorkloadContext } from '../workload/context.ts';
import { objectMeta } from '../workload/names.ts';

/** The identity of a workload's pods, those of its canary and backfills included. They get no token for the cluster's API. */
export class PodServiceAccount extends k8s.KubeServiceAccount {
  constructor(scope: Construct, id: string, context: WorkloadContext) {
    const { name, serviceAccount } = context.workload;
    const { annotations } = serviceAccount;
    super(scope, id, {
      metadata: { ...objectMeta(context, name), ...(Object.keys(annotations).length > 0 ? { annotations } : {}) },
      automountServiceAccountToken: false,
    });
  }
}
