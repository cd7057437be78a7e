import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import type { EngineBatch, EngineOutput, LoadOptions } from '../protocol.ts';
import { KernelRecorder, type KernelCounts } from './attention-kernels.ts';
import { EngineProcess, type EngineProcessOptions } from './engine-process.ts';
import { whenReady, type EngineState } from './engine-state.ts';
import { EngineFailure, type EngineFailureReason } from './failure.ts';
import { FAILURE_WINDOW_MS, FailureBudget, failureLimit } from './failure-budget.ts';

export interface SupervisorOptions extends Omit<EngineProcessOptions, 'onLine' | 'onFailure'> {
  /**
   * Failures within `failureWindowMs`, or failed runs in a row, after which the supervisor gives up.
   * @default {@link failureLimit} of the largest batch
   */
  readonly maxFailures?: number;
  /** @default {@link FAILURE_WINDOW_MS} */
  readonly failureWindowMs?: number;
  /** Decides what to do when CUDA does not start. @default try CUDA again */
  readonly ifCudaFails?: () => WithoutCuda;
  /** Delay after the second failure in a row; each further one doubles it. @default 250 */
  readonly backoffFirstMs?: number;
}

/** What to do when CUDA does not start: run the next engine on the CPU, or go on with the other engines alone. */
export type WithoutCuda = 'cpu' | 'leave-out';

interface SupervisorEvents {
  state: [EngineState];
  /** An engine was lost or did not start. */
  failure: [EngineFailure];
  /** CUDA did not start, and the supervisor proceeds without it. */
  fallback: [EngineFailure, WithoutCuda];
  /** The engine process wrote a line. */
  line: [string];
  /** The attention kernels that a CUDA engine used while warming up; emitted shortly after it is ready. */
  kernels: [KernelCounts];
}

/** Starts that fail in a row after which the supervisor gives up. */
const MAX_FAILED_STARTS = 3;
const MAX_BACKOFF_MS = 30_000;
/** The engine's output travels through another pipe than its `ready` message and can arrive after it. */
const KERNELS_DELAY_MS = 1000;

/**
 * Keeps one engine process running: starts it and replaces it when it fails, backing off while failures follow each
 * other without a successful run between them. Gives up after too many.
 */
export class EngineSupervisor extends EventEmitter<SupervisorEvents> {
  readonly #options: SupervisorOptions;
  readonly #maxFailures: number;
  readonly #budget: FailureBudget;
  readonly #stopping = new AbortController();
  #state: EngineState = { phase: 'starting' };
  #engine: EngineProcess | undefined;
  #failuresInARow = 0;
  #failedStarts = 0;
  #failedRuns = 0;
  #loop: Promise<void> | undefined;
  #load: LoadOptions;
  /**
   * Whether CUDA has computed anything, right or wrong. From then on an engine is not replaced by one on the CPU: that
   * would hide a slow replacement, or a GPU that fails its self-test.
   */
  #hasComputed = false;

  constructor(options: SupervisorOptions) {
    super();
    // Each batcher, probe and log adds a listener; requests add none.
    this.setMaxListeners(50);
    this.#options = options;
    this.#load = options.load;
    this.#maxFailures = options.maxFailures ?? failureLimit(options.load.maxBatch);
    this.#budget = new FailureBudget(this.#maxFailures, options.failureWindowMs ?? FAILURE_WINDOW_MS);
  }

  get state(): EngineState {
    const failure = this.#engine?.failure;
    // A killed engine is lost at once, although its process can take a while to exit.
    if (this.#state.phase === 'ready' && failure !== undefined) return { phase: 'replacing', failure };
    return this.#state;
  }

  /** Whether a batch can be run now. */
  get isReady(): boolean {
    return this.state.phase === 'ready';
  }

  /** Process id of the engine, if one is running. */
  get pid(): number | undefined {
    return this.#engine?.pid;
  }

  /** Starts the first engine; see {@link whenReady}. */
  start(): void {
    this.#loop ??= this.#keepRunning();
  }

  /** @throws EngineGone when no engine will become ready any more */
  whenReady(): Promise<void> {
    return whenReady(this);
  }

  /**
   * Computes a batch. Only one run at a time is allowed, and only after `whenReady`.
   *
   * @throws EngineFailure if the engine fails during the run; it is then replaced
   */
  async run(batch: EngineBatch): Promise<EngineOutput> {
    if (this.#engine === undefined) throw new EngineFailure('crash', 'no engine is running');
    const output = await this.#engine.run(batch);
    this.#failuresInARow = 0;
    this.#failedRuns = 0;
    // The success of another run shows that the engine was not at fault.
    this.#budget.forgiveItems();
    return output;
  }

  /** Replaces the running engine because of a problem that was observed from outside. */
  replace(reason: EngineFailureReason, message: string): void {
    this.#engine?.kill(reason, message);
  }

  /** Stops the engine for good. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#engine?.kill('crash', 'the service is stopping');
    await this.#loop;
    this.#setState({ phase: 'stopped' });
  }

  async #keepRunning(): Promise<void> {
    while (!this.#isStopping()) {
      const kernels = new KernelRecorder();
      const engine = new EngineProcess({
        ...this.#options,
        load: this.#load,
        onLine: (line) => {
          if (!kernels.read(line)) this.emit('line', line);
        },
        onFailure: () => {
          if (this.#state.phase === 'ready' && !this.#isStopping()) this.emit('state', this.state);
        },
      });
      this.#engine = engine;
      await engine.ready.then(
        (info) => {
          this.#failedStarts = 0;
          this.#hasComputed = true;
          this.#setState({ phase: 'ready', info });
          this.#reportKernels(kernels);
        },
        () => {
          // If the system cannot start any process, neither the engine nor CUDA is to blame.
          if (engine.pid !== undefined) this.#failedStarts++;
        },
      );
      const failure = await engine.ended;
      this.#engine = undefined;
      if (this.#isStopping()) return;
      if (engine.pid !== undefined && this.#proceedsWithoutCuda(failure)) continue;
      this.#record(failure);
      if (this.#state.phase === 'failed') return;
      await this.#backOff();
    }
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  /**
   * Gives up CUDA if it has never worked. The fallback to the CPU is a fresh process, because a CUDA context is unusable
   * after an error, and has all its starts left.
   */
  #proceedsWithoutCuda(failure: EngineFailure): boolean {
    this.#hasComputed ||= failure.reason === 'self-test';
    const { ifCudaFails } = this.#options;
    if (ifCudaFails === undefined || failure.isFinal) return false;
    if (this.#load.device === 'cpu' || this.#hasComputed) return false;
    const next = ifCudaFails();
    this.emit('fallback', failure, next);
    if (next === 'cpu') {
      this.#failedStarts = 0;
      const fallback = `CUDA does not start: ${firstLine(failure.message)}`;
      this.#load = { ...this.#load, device: 'cpu', fallback };
    } else {
      this.#stopping.abort();
      this.#setState({ phase: 'stopped' });
    }
    return true;
  }

  #record(failure: EngineFailure): void {
    this.#failuresInARow++;
    this.#budget.record(failure);
    // Hanging runs can take so long that the window never holds enough of them: they count in a row, too.
    if (failure.duringRun) this.#failedRuns++;
    const givesUp =
      failure.isFinal ||
      this.#budget.isExhausted ||
      this.#failedRuns >= this.#maxFailures ||
      this.#failedStarts >= MAX_FAILED_STARTS;
    this.emit('failure', failure);
    this.#setState({ phase: givesUp ? 'failed' : 'replacing', failure });
  }

  /** The first replacement is not delayed. */
  async #backOff(): Promise<void> {
    if (this.#failuresInARow <= 1) return;
    const { backoffFirstMs = 250 } = this.#options;
    const delayMs = Math.min(MAX_BACKOFF_MS, backoffFirstMs * 2 ** (this.#failuresInARow - 2));
    await sleep(delayMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }

  #reportKernels(recorder: KernelRecorder): void {
    setTimeout(() => {
      if (recorder.counts !== undefined) this.emit('kernels', recorder.counts);
    }, KERNELS_DELAY_MS).unref();
  }

  #setState(state: EngineState): void {
    this.#state = state;
    this.emit('state', state);
  }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]?.slice(0, 300) ?? '';
}
