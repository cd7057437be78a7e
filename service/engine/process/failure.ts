/** Why an engine was lost or did not start: a closed set, used as a metric's label. */
export const ENGINE_FAILURES = [
  /** It did not become ready: loading or warming up failed. */
  'start',
  /** It was not ready within ENGINE_START_TIMEOUT_MS. */
  'start-timeout',
  /** It computed something else than the package says. */
  'self-test',
  /** A run took longer than ENGINE_TIMEOUT_MS, or than follows from the self-test. */
  'timeout',
  /** The process ended by itself or was killed from outside. */
  'crash',
  /** A run threw: an ONNX Runtime or CUDA error. A CUDA context is unusable after one. */
  'run-error',
  /** A run gave numbers that are no probabilities. */
  'bad-output',
  /** The GPU's memory stayed over its limit. */
  'gpu-memory',
  /** The GPU stopped to report. */
  'gpu-silent',
  /** The GPU reported an error. */
  'gpu-error',
] as const;

/** See {@link ENGINE_FAILURES}. */
export type EngineFailureReason = (typeof ENGINE_FAILURES)[number];

/** An engine was lost or could not be had. */
export class EngineFailure extends Error {
  readonly reason: EngineFailureReason;
  /** Whether it ended a run. */
  readonly duringRun: boolean;
  /** Whether one item of that run is to blame, not the engine: found out later, when it has failed alone. */
  isItemsFault = false;

  constructor(reason: EngineFailureReason, message: string, duringRun = false) {
    super(message);
    this.name = 'EngineFailure';
    this.reason = reason;
    this.duringRun = duringRun;
  }
}

/** No engine will come any more: the service stops, or has given up. */
export class EngineGone extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'EngineGone';
  }
}
