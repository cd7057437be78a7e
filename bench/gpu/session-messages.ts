import type { KernelCounts } from '../../service/engine/process/attention-kernels.ts';
import type { Provider } from '../../service/engine/protocol.ts';

/** Arguments of session-child.ts. */
export interface SessionOrder {
  readonly package: string;
  readonly device: Provider;
  readonly threads: number;
  readonly maxBatch: number;
  /** How long to time each shape. */
  readonly measureMs: number;
}

/** One shape's times in milliseconds. */
export interface ShapeTimes {
  readonly length: number;
  readonly batch: number;
  /** Time of the first run, which on a GPU includes cuDNN's search for algorithms. */
  readonly firstMs: number;
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly bestMs: number;
  readonly runs: number;
}

/** The last line that session-child.ts prints. */
export interface SessionTimes {
  readonly provider: Provider;
  readonly loadMs: number;
  readonly shapes: readonly ShapeTimes[];
}

/** The times, with what was observed from outside. */
export interface SessionRun extends SessionTimes {
  readonly kernels: KernelCounts | undefined;
  /** Growth of the GPU's memory in use; undefined on a CPU. */
  readonly gpuBytes: number | undefined;
  /** Peak anonymous memory of the process; undefined without /proc. */
  readonly anonymousBytes: number | undefined;
}
