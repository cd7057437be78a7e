import type { KernelCounts } from '../../service/engine/process/attention-kernels.ts';
import type { Provider } from '../../service/engine/protocol.ts';

/** What the process that times a session is told. */
export interface SessionOrder {
  readonly package: string;
  readonly device: Provider;
  readonly threads: number;
  readonly maxBatch: number;
  /** How long each shape is timed. */
  readonly measureMs: number;
}

/** One shape's times in milliseconds. */
export interface ShapeTimes {
  readonly length: number;
  readonly batch: number;
  /** The first run: with cuDNN's search on a GPU. */
  readonly firstMs: number;
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly bestMs: number;
  readonly runs: number;
}

/** What it prints, as its last line. */
export interface SessionTimes {
  readonly provider: Provider;
  readonly loadMs: number;
  readonly shapes: readonly ShapeTimes[];
}

/** The times with what was seen from outside meanwhile. */
export interface SessionRun extends SessionTimes {
  readonly kernels: KernelCounts | undefined;
  /** On a GPU: its memory in use at most, less what was in use before. */
  readonly gpuBytes: number | undefined;
  /** Largest anonymous memory of the process; undefined without /proc. */
  readonly anonymousBytes: number | undefined;
}
