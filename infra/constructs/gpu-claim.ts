import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { workloadLabels } from '../workload/names.ts';
import type { WorkloadContext } from '../workload/context.ts';
import { claimTemplateName } from './pod.ts';

/** What every pod of the workload claims of the cluster's GPUs. A plain object: the kind is newer than cdk8s-plus-27. */
export class GpuClaimTemplate extends Construct {
  readonly template: ApiObject;

  constructor(
    scope: Construct,
    id: string,
    context: WorkloadContext,
    gpu: { deviceClassName: string; count: number; selectors: readonly string[] },
  ) {
    super(scope, id);
    this.template = new ApiObject(this, 'template', {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaimTemplate',
      metadata: {
        name: claimTemplateName(context),
        namespace: context.namespace,
        labels: workloadLabels(context),
      },
      spec: {
        spec: {
          devices: {
            requests: [
              {
                name: 'gpu',
                exactly: {
                  deviceClassName: gpu.deviceClassName,
                  allocationMode: 'ExactCount',
                  count: gpu.count,
                  ...(gpu.selectors.length > 0
                    ? { selectors: gpu.selectors.map((expression) => ({ cel: { expression } })) }
                    : {}),
                },
              },
            ],
          },
        },
      },
    });
  }
}
