import { Presets, SingleBar } from 'cli-progress';
import type { BatchProgress } from '../batch/run.ts';
import { duration } from './format.ts';
import { RateMeter } from './rate-meter.ts';

/** Shows how far a batch run is. */
interface BatchReporter {
  readonly update: (progress: BatchProgress) => void;
  readonly stop: () => void;
}

/** Time between two updates of a bar, in milliseconds: figures that flicker cannot be read. */
const BAR_MS = 500;
/** Time between two lines of a log, in milliseconds. */
const LINE_MS = 10_000;

/** Shows a bar on a terminal; elsewhere prints a line every ten seconds. */
export function batchReporter(): BatchReporter {
  const meter = new RateMeter();
  const bar = process.stderr.isTTY
    ? new SingleBar({ format: '{bar} {percentage}% | {figures}', hideCursor: true }, Presets.shades_classic)
    : undefined;
  let shown = performance.now();
  const update = (progress: BatchProgress): void => {
    const now = performance.now();
    meter.record(progress.done, now);
    if (bar?.isActive === false) bar.start(progress.total, progress.done, { figures: figures(progress, meter) });
    if (now - shown < (bar ? BAR_MS : LINE_MS) && progress.done < progress.total) return;
    shown = now;
    if (bar) bar.update(progress.done, { figures: figures(progress, meter) });
    else console.error(`${percentage(progress)} | ${figures(progress, meter)}`);
  };
  return { update, stop: () => bar?.stop() };
}

function percentage({ done, total }: BatchProgress): string {
  return `${Math.floor((100 * done) / total)} %`;
}

function figures({ done, failed, total }: BatchProgress, meter: RateMeter): string {
  const rate = meter.perSecond();
  const left =
    rate === 0 || done === total ? [] : [`${rate.toFixed(1)} rows/s`, `${duration((total - done) / rate)} left`];
  return [`${done} of ${total} rows`, ...(failed > 0 ? [`${failed} failed`] : []), ...left].join(' | ');
}
