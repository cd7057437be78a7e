import type { IContainer, IPodSpec } from 'kubernetes-models/v1';
import type { Taint } from '../config/compute.ts';
import type { GpuConfig } from '../config/schema.ts';

/** What an accelerator adds to a pod. */
export interface AcceleratorParts {
  /** Extended resources, the same for requests and limits. */
  readonly devices: Readonly<Record<string, string>>;
  /** Device claims of the container. */
  readonly claims: NonNullable<NonNullable<IContainer['resources']>['claims']>;
  /** Labels of nodes that have the device. */
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly tolerations: NonNullable<IPodSpec['tolerations']>;
}

/** Name of the claim within a pod. */
export const GPU_CLAIM = 'gpu';

function devicesOf(gpu: GpuConfig): Record<string, string> {
  switch (gpu.kind) {
    case 'device':
      return { [gpu.resourceName]: String(gpu.count) };
    case 'mig':
      return { [`nvidia.com/mig-${gpu.profile}`]: String(gpu.count) };
    case 'time-sliced':
      // The device plugin refuses more than one share, as that would not give more computing time.
      return { [gpu.resourceName]: '1' };
    case 'dra':
    case 'none':
      return {};
  }
}

/** The toleration of a taint, with any value if none is given. */
export function toleration({ key, value, effect }: Taint): NonNullable<IPodSpec['tolerations']>[number] {
  return { key, ...(value === undefined ? { operator: 'Exists' } : { operator: 'Equal', value }), effect };
}

/** The parts of a pod that its accelerator needs. */
export function acceleratorParts(gpu: GpuConfig): AcceleratorParts {
  return {
    devices: devicesOf(gpu),
    claims: gpu.kind === 'dra' ? [{ name: GPU_CLAIM }] : [],
    nodeSelector: gpu.kind === 'none' ? {} : gpu.nodeSelector,
    tolerations: gpu.kind === 'none' ? [] : gpu.tolerations.map(toleration),
  };
}
