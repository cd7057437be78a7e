import type { GpuConfig, WorkloadConfig } from './schema.ts';
import { withDefaults } from './server.ts';

/** Devices that a pod has; a time-sliced share counts as one, no accelerator as none. */
export function devicesOfPod(gpu: GpuConfig): number {
  if (gpu.kind === 'none') return 0;
  return gpu.kind === 'time-sliced' ? 1 : gpu.count;
}

/** Engine processes that a pod's server runs: one for each device, or as many as ENGINES says. */
export function enginesOfPod({ server, gpu }: WorkloadConfig): number {
  if (server.kind === 'other') return 1;
  return withDefaults(server.settings).ENGINES || devicesOfPod(gpu) || 1;
}
