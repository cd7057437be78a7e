import { Presets, SingleBar } from 'cli-progress';
import type { CompileProgress } from '../model/compile.ts';

const LABELS: Readonly<Record<CompileProgress['stage'], string>> = {
  weights: 'weights  ',
  sums: 'checksums',
  'self-test': 'self-test',
};

/** Shows how far a compilation is. */
export interface Progress {
  readonly update: (progress: CompileProgress) => void;
  readonly stop: () => void;
}

/** A bar for each stage on a terminal; nothing where the output is not one. */
export function progressBar(): Progress {
  if (!process.stderr.isTTY) return { update: () => undefined, stop: () => undefined };
  let bar: SingleBar | undefined;
  let stage: CompileProgress['stage'] | undefined;
  const stop = (): void => {
    bar?.stop();
    bar = undefined;
  };
  const update = (progress: CompileProgress): void => {
    if (progress.stage !== stage || !bar) {
      stop();
      stage = progress.stage;
      bar = new SingleBar(
        { format: `${LABELS[stage]} {bar} {percentage}% | {eta_formatted} left`, hideCursor: true },
        Presets.shades_classic,
      );
      bar.start(progress.total, progress.done);
    }
    bar.update(progress.done);
  };
  return { update, stop };
}
