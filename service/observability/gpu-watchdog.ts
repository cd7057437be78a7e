import type { EnginePool, PooledEngine } from '../engine/process/pool.ts';
import { GpuMonitor } from './gpu-monitor.ts';
import type { GpuMonitorOptions } from './gpu-monitor.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

/** Times of the watch; tests shorten them. */
export type GpuMonitorTimes = Pick<GpuMonitorOptions, 'intervalMs' | 'silenceMs'>;

/**
 * Watches the GPU of each engine that runs on one, shows its readings, and replaces that engine on a complaint.
 *
 * @param memoryLimitMb GPU_MEMORY_LIMIT_MB
 * @returns ends the watch
 */
export function startGpuWatchdog(
  pool: EnginePool,
  logger: Logger,
  metrics: Metrics,
  memoryLimitMb: number,
  times: GpuMonitorTimes = {},
): () => void {
  // One program each: one that hangs or fails on its GPU says nothing about the others.
  const watches = pool.engines.map((engine) => watch(engine, logger, metrics, memoryLimitMb, times));
  return () => {
    for (const one of watches) one.stop();
  };
}

function watch(
  { gpu, supervisor }: PooledEngine,
  logger: Logger,
  metrics: Metrics,
  memoryLimitMb: number,
  times: GpuMonitorTimes,
): GpuMonitor {
  const isSlice = gpu !== undefined && gpu.uuid !== gpu.gpuUuid;
  const watched = new GpuMonitor({
    ...times,
    ...(gpu === undefined ? {} : { device: gpu.gpuUuid }),
    // What is reported is the whole GPU's, of which a slice has a part.
    memoryLimitBytes: isSlice ? 0 : memoryLimitMb * 1024 * 1024,
    onReading: (reading) => {
      metrics.gpu(reading);
    },
    onStale: (stale) => {
      metrics.gpu({ gpu: stale, memoryBytes: undefined, utilization: undefined });
    },
    onFault: (complaint, message) => {
      supervisor.replace(complaint, message);
    },
    onUnavailable: (message) => {
      logger.warn(
        { ...(gpu === undefined ? {} : { gpu: gpu.index }), detail: message },
        'the GPU is not watched',
      );
    },
  });
  supervisor.on('state', (state) => {
    if (state.phase === 'ready' && state.info.provider === 'cuda') watched.resume();
    else watched.pause();
  });
  return watched;
}
