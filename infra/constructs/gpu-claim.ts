import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import type { GpuConfig } from '../config/schema.ts';
import type { WorkloadContext } from '../workload/context.ts';
import { objectMeta } from '../workload/names.ts';
import { claimTemplateName } from './pod.ts';

/** The devices that every pod of the workload claims, by dynamic resource allocation. */
export class GpuClaimTemplate extends ApiObject {
  constructor(
    scope: Construct,
    id: string,
    context: WorkloadContext,
    { deviceClassName, count, selectors }: Extract<GpuConfig, { kind: 'dra' }>,
  ) {
    const exactly = {
      deviceClassName,
      allocationMode: 'ExactCount',
      count,
      ...(selectors.length > 0 ? { selectors: selectors.map((expression) => ({ cel: { expression } })) } : {}),
    };
    super(scope, id, {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaimTemplate',
      metadata: objectMeta(context, claimTemplateName(context)),
      spec: { spec: { devices: { requests: [{ name: 'gpu', exactly }] } } },
    });
  }
}
