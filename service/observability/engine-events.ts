import { stripVTControlCharacters } from 'node:util';
import type { EnginePool, PooledEngine } from '../engine/process/pool.ts';
import type { EngineInfo } from '../engine/protocol.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

/** Characters logged of each line that an engine writes. */
const MAX_LINE = 2000;

/** Logs the engine plan and what happens to the engines, and counts their failures. */
export function reportEngineEvents(pool: EnginePool, logger: Logger, metrics: Metrics): void {
  const { device, engines, reason, warnings } = pool.plan;
  logger.info({ device, engines: engines.length, reason }, 'device chosen');
  for (const detail of warnings) logger.warn({ detail }, 'memory, GPUs or processor');
  metrics.watchEngines(pool);
  for (const engine of pool.engines) reportEvents(engine, logger, metrics);
}

function reportEvents({ id, gpu, supervisor }: PooledEngine, logger: Logger, metrics: Metrics): void {
  const which = { engine: id, ...(gpu === undefined ? {} : { gpu: gpu.index, gpu_uuid: gpu.uuid }) };
  supervisor.on('failure', (failure) => {
    metrics.engineFailure(failure.reason);
    logger.error({ ...which, reason: failure.reason, detail: failure.message }, 'engine lost');
  });
  supervisor.on('fallback', (failure, next) => {
    metrics.engineFailure(failure.reason);
    const consequence = next === 'cpu' ? 'falling back to the CPU' : 'its GPU is not used';
    logger.warn({ ...which, reason: failure.reason, detail: failure.message }, `CUDA does not start; ${consequence}`);
  });
  supervisor.on('state', (state) => {
    if (state.phase === 'ready') {
      logger.info({ ...which, ...describe(state.info) }, 'engine ready');
    } else if (state.phase === 'failed') {
      const { isFinal, message } = state.failure;
      const summary = isFinal ? 'the model package cannot be served' : 'the engine failed too often; giving up';
      logger.fatal({ ...which, detail: message }, summary);
    }
  });
  supervisor.on('kernels', (kernels) => {
    logger.info({ ...which, kernels }, 'attention kernels');
  });
  supervisor.on('line', (line) => {
    const text = stripVTControlCharacters(line).trim().slice(0, MAX_LINE);
    if (text !== '') logger.info({ ...which, line: text }, 'engine output');
  });
}

function describe({ provider, fallback, loadMs, warmupMs, selfTestDeviation, itemMs }: EngineInfo): object {
  return {
    provider,
    ...(fallback === undefined ? {} : { fallback }),
    load_ms: Math.round(loadMs),
    warmup_ms: Math.round(warmupMs),
    self_test_deviation: selfTestDeviation,
    item_ms: Math.round(itemMs),
  };
}
