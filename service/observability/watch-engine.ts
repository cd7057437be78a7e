import { stripVTControlCharacters } from 'node:util';
import type { EngineSupervisor } from '../engine/supervisor.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

/** Characters kept of a line that the engine wrote. */
const MAX_LINE = 2000;

/** Writes the engine's fate to the log and counts it. */
export function watchEngine(supervisor: EngineSupervisor, logger: Logger, metrics: Metrics): void {
  supervisor.on('failure', (failure) => {
    metrics.engineFailure(failure.reason);
    logger.error({ reason: failure.reason, detail: failure.message }, 'engine lost');
  });
  supervisor.on('state', (state) => {
    if (state.phase === 'ready') {
      const { provider, fallback, loadMs, warmupMs, selfTestDeviation } = state.info;
      logger.info(
        {
          provider,
          load_ms: Math.round(loadMs),
          warmup_ms: Math.round(warmupMs),
          self_test_deviation: selfTestDeviation,
        },
        'engine ready',
      );
      if (fallback !== undefined) logger.warn({ detail: fallback }, 'CUDA is not available; using the CPU');
    } else if (state.phase === 'failed') {
      logger.fatal({ detail: state.failure.message }, 'the engine failed too often; giving up');
    }
  });
  supervisor.on('line', (line) => {
    const text = stripVTControlCharacters(line).trim().slice(0, MAX_LINE);
    if (text !== '') logger.info({ line: text }, 'engine output');
  });
}
