import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { EngineFailure, EngineGone } from './failure.ts';
import type { EngineFailureReason } from './failure.ts';
import { FAILURE_WINDOW_MS, failureLimit, FailureBudget } from './failure-budget.ts';
import { EngineProcess } from './engine-process.ts';
import type { EngineProcessOptions } from './engine-process.ts';
import { KernelRecorder } from './attention-kernels.ts';
import type { KernelCounts } from './attention-kernels.ts';
import type { EngineBatch, EngineInfo, EngineOutput, LoadOptions } from '../protocol.ts';

export interface SupervisorOptions extends Omit<EngineProcessOptions, 'onLine'> {
  /**
   * Failures within `failureWindowMs`, or runs that fail in a row, after which the supervisor gives up.
   * @default {@link failureLimit} of the largest batch
   */
  readonly maxFailures?: number;
  /** @default {@link FAILURE_WINDOW_MS} */
  readonly failureWindowMs?: number;
  /**
   * Asked where CUDA does not start: what to do in place of trying again. @default nothing else: it is tried again
   */
  readonly ifCudaFails?: () => WithoutCuda;
  /** The first wait between failures; each in a row doubles it. @default 250 */
  readonly backoffFirstMs?: number;
}

/** The next engine takes the CPU; or there is none. */
export type WithoutCuda = 'cpu' | 'leave-out';

/** What the engine is doing, as probes see it. */
export type EngineState =
  | { readonly phase: 'starting' }
  | { readonly phase: 'ready'; readonly info: EngineInfo }
  /** The engine was lost; the next one is on its way. */
  | { readonly phase: 'replacing'; readonly failure: EngineFailure }
  /** Failed too often: final. */
  | { readonly phase: 'failed'; readonly failure: EngineFailure }
  /** Told to stop: final. */
  | { readonly phase: 'stopped' };

interface SupervisorEvents {
  state: [EngineState];
  /** An engine was lost or did not start. */
  failure: [EngineFailure];
  /** CUDA did not start, and it goes on without. */
  fallback: [EngineFailure, WithoutCuda];
  /** A line that the engine process wrote. */
  line: [string];
  /** Which attention kernels a CUDA engine took while it warmed up; soon after it is ready. */
  kernels: [KernelCounts];
}

/** Starts that fail in a row, without an engine between them that became ready, after which it is hopeless. */
const MAX_FAILED_STARTS = 3;
const BACKOFF_LAST_MS = 30_000;
/** The engine's output comes by another way than its word that it is ready, and can be behind it. */
const KERNELS_AFTER_MS = 1000;

/**
 * Keeps one engine process running: starts it, replaces it when it fails, waits longer between failures that no
 * successful run separates, and gives up after too many.
 */
export class EngineSupervisor extends EventEmitter<SupervisorEvents> {
  readonly #options: SupervisorOptions;
  readonly #maxFailures: number;
  readonly #budget: FailureBudget<EngineFailure>;
  readonly #stopping = new AbortController();
  #state: EngineState = { phase: 'starting' };
  #engine: EngineProcess | undefined;
  #kernels = new KernelRecorder();
  #failuresInARow = 0;
  #failedStarts = 0;
  #failedRuns = 0;
  #loop: Promise<void> | undefined;
  #load: LoadOptions;
  /**
   * Once CUDA has computed, a replacement must not come back slower and unnoticed on the CPU; nor where it computed
   * wrong in the self-test, which has to be seen.
   */
  #hasComputed = false;

  constructor(options: SupervisorOptions) {
    super();
    // Each batcher, probe and log adds a listener; none is added per request.
    this.setMaxListeners(50);
    this.#options = options;
    this.#load = options.load;
    this.#maxFailures = options.maxFailures ?? failureLimit(options.load.maxBatch);
    this.#budget = new FailureBudget(this.#maxFailures, options.failureWindowMs ?? FAILURE_WINDOW_MS);
  }

  get state(): EngineState {
    const failure = this.#engine?.failure;
    // It is lost as soon as it is killed, also while it takes its time to disappear.
    if (this.#state.phase === 'ready' && failure !== undefined) return { phase: 'replacing', failure };
    return this.#state;
  }

  /** Attention kernels that the engine has taken so far; undefined on a CPU. */
  get kernels(): KernelCounts | undefined {
    return this.#kernels.counts;
  }

  /** Whether a batch could be run now. */
  get isReady(): boolean {
    return this.state.phase === 'ready';
  }

  /** Process id of the engine, where one is running. */
  get pid(): number | undefined {
    return this.#engine?.pid;
  }

  /** Starts the first engine; `whenReady` tells when it is there. */
  start(): void {
    this.#loop ??= this.#keepRunning();
  }

  /**
   * Waits for an engine that can run a batch.
   *
   * @throws EngineGone when none will come
   */
  async whenReady(): Promise<void> {
    for (;;) {
      if (this.#state.phase === 'failed') {
        throw new EngineGone(`the engine failed too often: ${this.#state.failure.message}`);
      }
      if (this.#state.phase === 'stopped') throw new EngineGone('the engine was stopped');
      if (this.isReady) return;
      await new Promise<void>((resolve) => {
        this.once('state', () => {
          resolve();
        });
      });
    }
  }

  /**
   * Computes one batch; one at a time, and only after `whenReady`.
   *
   * @throws EngineFailure when the engine fails meanwhile; it is being replaced then
   */
  async run(batch: EngineBatch): Promise<EngineOutput> {
    if (this.#engine === undefined) throw new EngineFailure('crash', 'no engine is running');
    const output = await this.#engine.run(batch);
    this.#failuresInARow = 0;
    this.#failedRuns = 0;
    // Now that another run has succeeded, those are known to say nothing of the engine.
    this.#budget.forgive(({ isItemsFault }) => isItemsFault);
    return output;
  }

  /** Replaces the running engine because of something seen from outside. */
  replace(reason: EngineFailureReason, message: string): void {
    this.#engine?.kill(reason, message);
  }

  /** Ends the engine and starts no other. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#engine?.kill('crash', 'the service is stopping');
    await this.#loop;
    this.#setState({ phase: 'stopped' });
  }

  async #keepRunning(): Promise<void> {
    while (!this.#isStopping()) {
      const engine = this.#startEngine();
      this.#engine = engine;
      await engine.ready.then(
        (info) => {
          this.#failedStarts = 0;
          this.#hasComputed = true;
          this.#setState({ phase: 'ready', info });
          this.#reportKernels();
        },
        () => {
          // Where the system has no process to give, it is not the engine that is hopeless.
          if (engine.pid !== undefined) this.#failedStarts++;
        },
      );
      const failure = await engine.ended;
      this.#engine = undefined;
      if (this.#isStopping()) return;
      // Where the system has no process to give, it is not CUDA that failed.
      if (engine.pid !== undefined && this.#goesWithoutCuda(failure)) continue;
      this.#record(failure);
      if (this.#state.phase === 'failed') return;
      await this.#backOff();
    }
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  /**
   * Whether the engine is given up on CUDA. A CUDA context is unusable after an error, so it is a fresh process that
   * takes the CPU, and all its starts are before it.
   */
  #goesWithoutCuda(failure: EngineFailure): boolean {
    this.#hasComputed ||= failure.reason === 'self-test';
    const { ifCudaFails } = this.#options;
    if (ifCudaFails === undefined || this.#load.device === 'cpu' || this.#hasComputed) return false;
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
    // Runs that hang can take longer than the window has room for: they also count without it.
    if (failure.duringRun) this.#failedRuns++;
    const givenUp =
      this.#budget.exhausted ||
      this.#failedRuns >= this.#maxFailures ||
      this.#failedStarts >= MAX_FAILED_STARTS;
    this.emit('failure', failure);
    this.#setState({ phase: givenUp ? 'failed' : 'replacing', failure });
  }

  /** The first replacement starts at once. */
  async #backOff(): Promise<void> {
    if (this.#failuresInARow <= 1) return;
    const { backoffFirstMs = 250 } = this.#options;
    const delay = Math.min(BACKOFF_LAST_MS, backoffFirstMs * 2 ** (this.#failuresInARow - 2));
    await sleep(delay, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }

  #reportKernels(): void {
    const recorder = this.#kernels;
    setTimeout(() => {
      if (recorder.counts !== undefined) this.emit('kernels', recorder.counts);
    }, KERNELS_AFTER_MS).unref();
  }

  #startEngine(): EngineProcess {
    const kernels = new KernelRecorder();
    this.#kernels = kernels;
    return new EngineProcess({
      ...this.#options,
      load: this.#load,
      onLine: (line) => {
        if (!kernels.read(line)) this.emit('line', line);
      },
    });
  }

  #setState(state: EngineState): void {
    this.#state = state;
    this.emit('state', state);
  }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]?.slice(0, 300) ?? '';
}
