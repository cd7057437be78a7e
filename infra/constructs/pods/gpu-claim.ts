import { createHash } from 'node:crypto';
import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import type { GpuConfig } from '../../config/schema.ts';
import type { WorkloadContext } from '../../workload/context.ts';
import { objectMeta } from '../../workload/names.ts';

/** Devices of a device class, which each pod claims. */
export type DynamicGpu = Extract<GpuConfig, { kind: 'dra' }>;

function templateSpec({ deviceClassName, count, selectors }: DynamicGpu) {
  const exactly = {
    deviceClassName,
    allocationMode: 'ExactCount',
    count,
    ...(selectors.length > 0 ? { selectors: selectors.map((expression) => ({ cel: { expression } })) } : {}),
  };
  return { spec: { devices: { requests: [{ name: 'gpu', exactly }] } } };
}

/**
 * Name of the claim template of a workload whose GPUs are allocated dynamically. The API server refuses to change a
 * template, and pods would not be replaced for it: one with other devices has another name.
 */
export function claimTemplateName({ workload }: WorkloadContext, gpu: DynamicGpu): string {
  const hash = createHash('sha256')
    .update(JSON.stringify(templateSpec(gpu)))
    .digest('hex');
  return `${workload.name}-gpu-${hash.slice(0, 8)}`;
}

/** The devices that every pod of the workload claims, by dynamic resource allocation. */
export class GpuClaimTemplate extends ApiObject {
  constructor(scope: Construct, id: string, context: WorkloadContext, gpu: DynamicGpu) {
    super(scope, id, {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaimTemplate',
      metadata: objectMeta(context, claimTemplateName(context, gpu)),
      spec: templateSpec(gpu),
    });
  }
}
