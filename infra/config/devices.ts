import type { GpuConfig, WorkloadConfig } from './schema.ts';
import { withDefaults } from './server.ts';

/** Number of devices of a pod; a time-sliced share counts as one. */
export function devicesOfPod(gpu: GpuConfig): number {
  if (gpu.kind === 'none') return 0;
  return gpu.kind === 'time-sliced' ? 1 : gpu.count;
}

/** Number of engine processes of a pod: ENGINES if it is set, else one per device, and one on a CPU. */
export function enginesOfPod({ server, gpu }: WorkloadConfig): number {
  if (server.kind === 'other') return 1;
  return withDefaults(server.settings).ENGINES || devicesOfPod(gpu) || 1;
}
