import type { Gpu } from '../../service/engine/device/visible-gpus.ts';
import type { SessionRun } from './session-messages.ts';
import type { BenchDevice, Subject } from './subjects.ts';

/** What came of a check. `measured`: figures, which no threshold judges. */
export type Verdict = 'passed' | 'failed' | 'measured' | 'skipped';

/** What a check found. */
export interface Finding {
  readonly verdict: Verdict;
  /** One sentence for the table of all checks. */
  readonly summary: string;
  /** Markdown for the check's own section. */
  readonly details?: string;
  /** Figures for the JSON report. */
  readonly data?: unknown;
}

/** What the checks have in common. */
export interface Context {
  readonly device: BenchDevice;
  /** The visible GPUs; none on a CPU. */
  readonly gpus: readonly Gpu[];
  /** Largest batch. */
  readonly maxBatch: number;
  /** Threads of a CPU session. */
  readonly threads: number;
  /** How long each figure is measured, in milliseconds. */
  readonly measureMs: number;
  /** Folder for files that are removed at the end. */
  readonly scratch: string;
  /** The package's session timed once for every check that reads it. */
  sessionRun(subject: Subject): Promise<SessionRun>;
  /** Multiply-adds a second of the device in one large product; measured once. */
  peak(): Promise<number>;
}

/** One check: a failing or throwing one does not stop the others. */
export interface Check {
  readonly name: string;
  /** The model that it is about, if it is about one. */
  readonly subject?: string;
  run(context: Context): Promise<Finding>;
}

/** A Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Bytes in GiB, for people. */
export function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(2)} GiB`;
}
