/** Why an engine was lost or did not start: a closed set, used as a metric's label. */
export const ENGINE_FAILURES = [
  /** Loading or warming up failed. */
  'start',
  /** The package's files are not those that the service opened: final. */
  'package',
  /** Not ready within ENGINE_START_TIMEOUT_MS. */
  'start-timeout',
  /** The self-test's answers differ from those in the package. */
  'self-test',
  /** A run took longer than ENGINE_TIMEOUT_MS, or than the limit derived from the self-test. */
  'timeout',
  /** The process exited or was killed from outside. */
  'crash',
  /** The kernel killed the process, because the container or the machine had no memory left. */
  'out-of-memory',
  /** A run threw an ONNX Runtime or CUDA error. A CUDA context is unusable after one. */
  'run-error',
  /** The output of a run is not a probability distribution. */
  'bad-output',
  /** The GPU's memory stayed over GPU_MEMORY_LIMIT_MB. */
  'gpu-memory',
  /** The GPU stopped reporting. */
  'gpu-silent',
  /** The GPU reported an error. */
  'gpu-error',
] as const;

/** See {@link ENGINE_FAILURES}. */
export type EngineFailureReason = (typeof ENGINE_FAILURES)[number];

/** An engine was lost or did not start. */
export class EngineFailure extends Error {
  override readonly name = 'EngineFailure';
  readonly reason: EngineFailureReason;
  /** Whether it interrupted a run. */
  readonly duringRun: boolean;
  /** Whether another process is known to have killed the engine. */
  readonly isByOthers: boolean;
  /** Whether an item of that run caused it, and not the engine. Set later, once that item has failed alone. */
  isItemsFault = false;

  constructor(reason: EngineFailureReason, message: string, duringRun = false, isByOthers = false) {
    super(message);
    this.reason = reason;
    this.duringRun = duringRun;
    this.isByOthers = isByOthers;
  }

  /** Whether another start cannot help. */
  get isFinal(): boolean {
    return this.reason === 'package';
  }
}

/** No engine will become ready any more: the service is stopping, or has given up. */
export class EngineGone extends Error {
  override readonly name = 'EngineGone';
}
