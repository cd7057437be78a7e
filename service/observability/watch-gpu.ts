import type { EngineSupervisor } from '../engine/supervisor.ts';
import { GpuWatch } from './gpu.ts';
import type { GpuWatchOptions } from './gpu.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

/** Times of the watch; tests shorten them. */
export type GpuWatchTimes = Pick<GpuWatchOptions, 'intervalMs' | 'silenceMs'>;

/**
 * Watches the GPU of an engine that runs on one, shows its readings, and replaces the engine on a complaint.
 *
 * @param memoryLimitMb GPU_MEMORY_LIMIT_MB
 * @returns ends the watch
 */
export function watchGpu(
  supervisor: EngineSupervisor,
  logger: Logger,
  metrics: Metrics,
  memoryLimitMb: number,
  times: GpuWatchTimes = {},
): () => void {
  const watch = new GpuWatch({
    ...times,
    memoryLimitBytes: memoryLimitMb * 1024 * 1024,
    onReading: (reading) => {
      metrics.gpu(reading);
    },
    onComplaint: (complaint, message) => {
      supervisor.replace(complaint, message);
    },
    onUnavailable: (message) => {
      logger.warn({ detail: message }, 'the GPU is not watched');
    },
  });
  supervisor.on('state', (state) => {
    if (state.phase === 'ready' && state.info.provider === 'cuda') watch.resume();
    else watch.pause();
  });
  return () => {
    watch.stop();
  };
}
