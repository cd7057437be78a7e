import { Presets, SingleBar } from 'cli-progress';
import type { CompileProgress } from '../model/compile/compile-options.ts';
import { bytes, duration } from './format.ts';
import { RateMeter } from './rate-meter.ts';

/** Progress of one stage. */
interface StageProgress<Stage extends string> {
  readonly stage: Stage;
  readonly done: number;
  readonly total: number;
  /** For a transfer, the bytes received over the network; its rate is computed from them. */
  readonly received?: number;
}

/** Shows progress to the user. */
export interface Progress<Stage extends string> {
  readonly update: (progress: StageProgress<Stage>) => void;
  /** Prints a sentence above the bar. */
  readonly note: (text: string) => void;
  readonly stop: () => void;
}

/** Labels of the stages of compiling, padded to one width. */
export const COMPILE_STAGES: Readonly<Record<CompileProgress['stage'], string>> = {
  calibration: 'calibrating',
  weights: 'weights    ',
  sums: 'checksums  ',
  'self-test': 'self-test  ',
};

/** Shows a bar for each stage on a terminal; otherwise prints a line for each tenth of a transfer. */
export function progressBar<Stage extends string>(labels: Readonly<Record<Stage, string>>): Progress<Stage> {
  return process.stderr.isTTY ? bars(labels) : lines(labels);
}

/** Time between two updates of a transfer's rate, in milliseconds: one that flickers cannot be read. */
const REFRESH_MS = 500;

function bars<Stage extends string>(labels: Readonly<Record<Stage, string>>): Progress<Stage> {
  const meter = new RateMeter();
  let bar: SingleBar | undefined;
  let stage: Stage | undefined;
  let shown = 0;
  const stop = (): void => {
    bar?.stop();
    bar = undefined;
  };
  const update = (progress: StageProgress<Stage>): void => {
    const transfer = progress.received !== undefined;
    if (progress.received !== undefined) meter.record(progress.received, performance.now());
    if (progress.stage !== stage || !bar) {
      stop();
      stage = progress.stage;
      const tail = transfer ? '{size} | {rate}' : '{eta_formatted} left';
      const format = `${labels[stage]} {bar} {percentage}% | ${tail}`;
      bar = new SingleBar({ format, hideCursor: true }, Presets.shades_classic);
      bar.start(progress.total, progress.done, { size: bytes(progress.total), rate: 'waiting' });
      shown = 0;
    }
    bar.setTotal(progress.total);
    const now = performance.now();
    const renew = now - shown >= REFRESH_MS || progress.done === progress.total;
    if (renew) shown = now;
    const shownRate = transfer && renew ? { size: bytes(progress.total), rate: rate(progress, meter) } : {};
    bar.update(progress.done, shownRate);
  };
  const note = (text: string): void => {
    stop();
    console.error(text);
  };
  return { update, note, stop };
}

function lines<Stage extends string>(labels: Readonly<Record<Stage, string>>): Progress<Stage> {
  const meter = new RateMeter();
  let last = '';
  const update = (progress: StageProgress<Stage>): void => {
    const { stage, done, total, received } = progress;
    if (received === undefined || total === 0) return;
    meter.record(received, performance.now());
    const tenths = Math.floor((10 * done) / total);
    const key = `${stage} ${tenths} of ${total}`;
    if (key === last || tenths === 0) return;
    last = key;
    console.error(`${labels[stage].trim()}: ${tenths * 10} % of ${bytes(total)}, ${rate(progress, meter)}`);
  };
  return { update, note: console.error, stop: () => undefined };
}

function rate({ done, total }: StageProgress<string>, meter: RateMeter): string {
  const perSecond = meter.perSecond();
  if (perSecond === 0) return 'waiting';
  return `${bytes(perSecond)}/s, ${duration((total - done) / perSecond)} left`;
}
