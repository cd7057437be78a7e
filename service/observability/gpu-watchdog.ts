import { MIB } from '../../model/bytes.ts';
import type { EnginePool } from '../engine/process/pool.ts';
import { GpuMonitor, type GpuMonitorOptions } from './gpu-monitor.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

/** Intervals of the monitors; tests shorten them. */
export type GpuMonitorTimes = Pick<GpuMonitorOptions, 'intervalMs' | 'silenceMs'>;

/**
 * Monitors the GPU of each engine that runs on one: publishes its readings as metrics, and replaces the engine if the GPU
 * has a fault.
 *
 * @param memoryLimitMb the setting GPU_MEMORY_LIMIT_MB
 * @returns stops the monitors
 */
export function startGpuWatchdog(
  pool: EnginePool,
  logger: Logger,
  metrics: Metrics,
  memoryLimitMb: number,
  times: GpuMonitorTimes = {},
): () => void {
  // An nvidia-smi of its own for each: one that hangs or fails on a GPU says nothing about the others.
  const monitors = pool.engines.map(({ gpu, supervisor }) => {
    const isSlice = gpu !== undefined && gpu.uuid !== gpu.gpuUuid;
    const monitor = new GpuMonitor({
      ...times,
      ...(gpu === undefined ? {} : { device: gpu.gpuUuid }),
      // nvidia-smi reports the memory of the whole GPU, which a slice only has a part of.
      memoryLimitBytes: isSlice ? 0 : memoryLimitMb * MIB,
      onReading: (reading) => {
        metrics.gpu(reading);
      },
      onStale: (stale) => {
        metrics.gpu({ gpu: stale, memoryBytes: undefined, utilization: undefined });
      },
      onFault: (fault, message) => {
        supervisor.replace(fault, message);
      },
      onUnavailable: (message) => {
        logger.warn({ ...(gpu === undefined ? {} : { gpu: gpu.index }), detail: message }, 'the GPU is not monitored');
      },
    });
    supervisor.on('state', (state) => {
      if (state.phase === 'ready' && state.info.provider === 'cuda') monitor.resume();
      else monitor.pause();
    });
    return monitor;
  });
  return () => {
    for (const monitor of monitors) monitor.stop();
  };
}
