import type { IPodSpec } from 'kubernetes-models/v1';
import type { Taint } from '../../config/compute.ts';
import type { GpuConfig } from '../../config/schema.ts';

/** Extended resources of a pod, the same for requests and limits. */
export function devicesOf(gpu: GpuConfig): Record<string, string> {
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

/** The toleration of a taint, with any value if none is given. The server drops an empty value. */
export function toleration({ key, value, effect }: Taint): NonNullable<IPodSpec['tolerations']>[number] {
  if (value === undefined) return { key, operator: 'Exists', effect };
  return { key, operator: 'Equal', ...(value === '' ? {} : { value }), effect };
}
