import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

import { killOnExit, outputsOf } from './child-process.ts';
import { startEngine, type EngineFork } from './fork-engine.ts';
import { EngineFailure, type EngineFailureReason } from './failure.ts';
import { OomKills } from './oom-kills.ts';
import { stallTolerantTimeout } from './stall-tolerant-timeout.ts';
import type { EngineBatch, EngineInfo, EngineOutput, FromEngine, LoadOptions, ToEngine } from '../protocol.ts';
import { runLimitMs } from './run-limit.ts';
import type { PackageStamp } from '../../../model/package/verify-package.ts';

export interface EngineProcessOptions extends EngineFork {
  readonly load: LoadOptions;
  /** Longest time from the fork to a passed self-test. */
  readonly startTimeoutMs: number;
  /** Longest time of one run; 0 derives it from the self-test, see {@link runLimitMs}. */
  readonly runTimeoutMs: number;
  /** Lower bound of the derived limit; tests shorten it. */
  readonly minRunMs?: number;
  /**
   * Verifies the package. Called for each process at its start; the process is ready only when the promise has fulfilled
   * with the stamp of the files that it loaded.
   */
  readonly verifyPackage: () => Promise<PackageStamp>;
  /** Recognizes a process that ran out of memory. @default by the cgroup of this process */
  readonly oomKills?: OomKills;
  /** Called with each line that the process writes to stdout or stderr. */
  readonly onLine?: (line: string) => void;
  /** Called when it fails, before the process has exited. */
  readonly onFailure?: () => void;
}

/** How long to wait for a killed process to exit before its replacement is started regardless. */
const EXIT_GRACE_MS = 10_000;

/** Shared by all engines, so that a kill counts for one of them. */
const OOM_KILLS = new OomKills();

interface PendingRun {
  readonly id: number;
  readonly items: number;
  readonly stopTimer: () => void;
  readonly resolve: (output: EngineOutput) => void;
  readonly reject: (failure: EngineFailure) => void;
}

/**
 * One engine process, from fork to exit. Its first failure is final: the process is killed, and every pending promise
 * is rejected with that failure.
 */
export class EngineProcess {
  /** Resolves once the self-test has passed. */
  readonly ready: Promise<EngineInfo>;
  /** Resolves with the failure once the process has failed and exited; being killed counts as a failure. */
  readonly ended: Promise<EngineFailure>;
  /** Undefined if the fork failed. */
  readonly #child: ChildProcess | undefined;
  readonly #options: EngineProcessOptions;
  /** Settles when the package has been verified, while the process loads it. */
  readonly #verified: Promise<PackageStamp>;
  /** Whether the kernel has killed the process for lack of memory. */
  readonly #claimOomKill: () => boolean | undefined;
  #itemMs = 0;
  #pending: PendingRun | undefined;
  #nextId = 0;
  #failure: EngineFailure | undefined;
  #resolveReady: (info: EngineInfo) => void = () => undefined;
  #rejectReady: (failure: EngineFailure) => void = () => undefined;
  #resolveEnded: (failure: EngineFailure) => void = () => undefined;

  constructor(options: EngineProcessOptions) {
    this.ready = new Promise((resolve, reject) => {
      this.#resolveReady = resolve;
      this.#rejectReady = reject;
    });
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    this.#options = options;
    this.#claimOomKill = (options.oomKills ?? OOM_KILLS).watch();
    const stopTimer = stallTolerantTimeout(options.startTimeoutMs, () => {
      this.kill('start-timeout', `the engine was not ready within ${options.startTimeoutMs} ms`);
    });
    this.ready.then(stopTimer, stopTimer);
    try {
      this.#child = startEngine(options);
      this.#listen(this.#child, options.onLine);
    } catch (error) {
      this.#cannotStart(error as Error);
    }
    this.#send({ type: 'load', options: options.load });
    this.#verified = options.verifyPackage();
    this.#verified.catch((error: unknown) => {
      this.kill('package', (error as Error).message);
    });
  }

  /** Undefined if no process could be started. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Why it failed; set before the process has exited. */
  get failure(): EngineFailure | undefined {
    return this.#failure;
  }

  /**
   * Computes a batch. Only one run at a time is allowed.
   *
   * @throws EngineFailure if the process fails, or has failed before
   */
  run(batch: EngineBatch): Promise<EngineOutput> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#pending !== undefined) throw new Error('the engine runs one batch at a time');
    return new Promise((resolve, reject) => {
      const { runTimeoutMs, minRunMs } = this.#options;
      const limitMs = runTimeoutMs || runLimitMs(this.#itemMs, batch.items.length, minRunMs);
      const stopTimer = stallTolerantTimeout(limitMs, () => {
        this.kill('timeout', `a run took longer than ${limitMs} ms`);
      });
      const id = this.#nextId++;
      this.#pending = { id, items: batch.items.length, stopTimer, resolve, reject };
      this.#send({ type: 'run', id, batch });
    });
  }

  /** Kills the process, which is the only way to end a run. */
  kill(reason: EngineFailureReason, message: string): void {
    this.#fail(reason, message);
  }

  #fail(reason: EngineFailureReason, message: string, isByOthers = false): void {
    if (this.#failure !== undefined) return;
    const failure = new EngineFailure(reason, message, this.#pending !== undefined, isByOthers);
    this.#failure = failure;
    this.#rejectReady(failure);
    this.#pending?.stopTimer();
    this.#pending?.reject(failure);
    this.#pending = undefined;
    this.#options.onFailure?.();
    this.#killChild(failure);
  }

  #killChild(failure: EngineFailure): void {
    const child = this.#child;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
      this.#resolveEnded(failure);
      return;
    }
    // SIGKILL does not end a process that hangs in a driver call; the service must not hang with it.
    const grace = setTimeout(() => {
      this.#resolveEnded(failure);
    }, EXIT_GRACE_MS);
    child.once('exit', () => {
      clearTimeout(grace);
      this.#resolveEnded(failure);
    });
    child.kill('SIGKILL');
  }

  #listen(child: ChildProcess, onLine: EngineProcessOptions['onLine']): void {
    child.on('error', (error) => {
      if (child.pid === undefined) this.#cannotStart(error);
      else this.kill('crash', `the engine process failed: ${error.message}`);
    });
    child.on('message', (message: FromEngine) => {
      this.#receive(message);
    });
    child.on('exit', (code, signal) => {
      if (signal === 'SIGKILL') this.#killedFromOutside();
      else this.kill('crash', `the engine process ended with ${signal ?? `exit code ${code ?? '?'}`}`);
    });
    killOnExit(child);
    // Always read: a full pipe would block the process.
    for (const input of outputsOf(child)) createInterface({ input }).on('line', (line) => onLine?.(line));
  }

  /** A process that this one has killed has its failure already. */
  #killedFromOutside(): void {
    if (this.#failure !== undefined) return;
    switch (this.#claimOomKill()) {
      case true:
        this.kill(
          'out-of-memory',
          'the kernel killed the engine process because there was no memory left: raise the memory limit of the container, or lower MAX_BATCH',
        );
        return;
      case false:
        this.#fail('crash', 'the engine process was killed (SIGKILL) by another process', true);
        return;
      case undefined:
        this.kill('crash', 'the engine process was killed (SIGKILL): by another process, or for lack of memory');
    }
  }

  #cannotStart({ message }: Error): void {
    this.kill('start', `the engine process cannot be started: ${message}`);
  }

  #receive(message: FromEngine): void {
    switch (message.type) {
      case 'ready':
        this.#afterVerification((stamp) => {
          this.#begin(message, stamp);
        });
        return;
      case 'unable': {
        const reason = message.stage === 'self-test' ? 'self-test' : 'start';
        // If the package is damaged, that is the cause.
        this.#afterVerification(() => {
          this.kill(reason, `${message.stage} failed: ${message.message}`);
        });
        return;
      }
      case 'error':
        if (message.id === this.#pending?.id) this.kill('run-error', message.message);
        return;
      case 'output':
        this.#finish(message.id, message.output);
    }
  }

  /** Not called if the verification fails, which kills the process. */
  #afterVerification(then: (stamp: PackageStamp) => void): void {
    this.#verified.then(then, () => undefined);
  }

  #begin({ info, stamp }: Extract<FromEngine, { type: 'ready' }>, verified: PackageStamp): void {
    if (stamp !== verified) {
      // The next engine starts from a new verification.
      this.kill('start', 'the files of the model package were replaced while the engine loaded them');
      return;
    }
    this.#itemMs = info.itemMs;
    this.#resolveReady(info);
  }

  #finish(id: number, output: EngineOutput): void {
    const pending = this.#pending;
    if (pending?.id !== id) return;
    if (!areProbabilities(output.probabilities, pending.items)) {
      this.kill('bad-output', 'the output of a run is not a probability distribution');
      return;
    }
    pending.stopTimer();
    this.#pending = undefined;
    pending.resolve(output);
  }

  #send(message: ToEngine): void {
    // A failed send means that the process has exited, which its 'exit' event reports; without a process there is no channel.
    if (this.#child?.connected === true) this.#child.send(message, () => undefined);
  }
}

/** Whether each row is finite and non-negative, and sums to 1 within rounding. */
function areProbabilities(probabilities: Float32Array, rows: number): boolean {
  const columns = probabilities.length / rows;
  if (!Number.isInteger(columns) || columns === 0) return false;
  for (let row = 0; row < rows; row++) {
    const values = probabilities.subarray(row * columns, (row + 1) * columns);
    const sum = values.reduce((total, value) => total + value, 0);
    if (!(Math.abs(sum - 1) < 1e-2) || values.some((value) => !(value >= 0))) return false;
  }
  return true;
}
