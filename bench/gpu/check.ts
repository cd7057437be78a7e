import type { Gpu } from '../../service/engine/device/visible-gpus.ts';
import type { SessionRun } from './session-messages.ts';
import type { BenchDevice, Subject } from './subjects.ts';

/** The result of a check. `measured` means figures without a threshold. */
export type Verdict = 'passed' | 'failed' | 'measured' | 'skipped';

export interface Finding {
  readonly verdict: Verdict;
  /** One sentence for the summary table. */
  readonly summary: string;
  /** Markdown for the check's section. */
  readonly details?: string;
  /** Figures for the JSON report. */
  readonly data?: unknown;
}

/** What all checks share. */
export interface Context {
  readonly device: BenchDevice;
  /** The visible GPUs; empty on a CPU. */
  readonly gpus: readonly Gpu[];
  /** Largest batch. */
  readonly maxBatch: number;
  /** Threads of a CPU session. */
  readonly threads: number;
  /** How long to measure each figure. */
  readonly measureMs: number;
  /** Folder for temporary files. */
  readonly scratch: string;
  /** Timings of the subject's session, measured once for all checks. */
  sessionRun(subject: Subject): Promise<SessionRun>;
  /** Multiply-adds per second of the device in one large matrix product, measured once. */
  peak(): Promise<number>;
}

/** One check. If it fails or throws, the others still run. */
export interface Check {
  readonly name: string;
  /** Name of the model, if the check is about one. */
  readonly subject?: string;
  run(context: Context): Promise<Finding>;
}
