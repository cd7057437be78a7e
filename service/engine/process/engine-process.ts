import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { killOnExit, outputsOf } from './child-process.ts';
import { EngineFailure } from './failure.ts';
import type { EngineFailureReason } from './failure.ts';
import { stallTolerantTimeout } from './stall-tolerant-timeout.ts';
import type {
  EngineBatch,
  EngineInfo,
  EngineOutput,
  FromEngine,
  LoadOptions,
  ToEngine,
} from '../protocol.ts';
import { runLimitMs } from './run-limit.ts';
import { sourceFlags } from '../../../model/source-flags.ts';

export interface EngineProcessOptions {
  readonly load: LoadOptions;
  /** Milliseconds from the fork to a passed self-test. */
  readonly startTimeoutMs: number;
  /** Milliseconds that one run may take; 0: what follows from the self-test, see {@link runLimitMs}. */
  readonly runTimeoutMs: number;
  /** Least milliseconds that follow from the self-test; tests shorten them. */
  readonly leastRunMs?: number;
  /** Environment variables of the process besides this one's: which GPU it sees. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The file in which pictures wait: see PictureStore. */
  readonly picturesFd?: number;
  /** The program to fork; tests give one that misbehaves. @default this folder's child */
  readonly program?: URL;
  /** A line that the process wrote to stdout or stderr. */
  readonly onLine?: (line: string) => void;
}

/** How long a killed process may take to disappear before its replacement is started without waiting further. */
const EXIT_GRACE_MS = 10_000;

const SELF = import.meta.url;
const DEFAULT_PROGRAM = new URL(SELF.endsWith('.ts') ? './engine-program.ts' : './engine-program.js', SELF);

interface PendingRun {
  readonly id: number;
  readonly items: number;
  readonly stopTimer: () => void;
  readonly resolve: (output: EngineOutput) => void;
  readonly reject: (failure: EngineFailure) => void;
}

/**
 * One engine process, from its fork to its end. It fails once: after the first failure it is killed, and every
 * promise that it owes is rejected with that failure.
 */
export class EngineProcess {
  /** Fulfils once the self-test has passed. */
  readonly ready: Promise<EngineInfo>;
  /** Fulfils with the failure once the process has failed and is gone. A call of `kill` counts as well. */
  readonly ended: Promise<EngineFailure>;
  /** Undefined where it could not even be forked. */
  readonly #child: ChildProcess | undefined;
  readonly #options: EngineProcessOptions;
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
    const stopTimer = stallTolerantTimeout(options.startTimeoutMs, () => {
      this.kill('start-timeout', `the engine was not ready within ${options.startTimeoutMs} ms`);
    });
    this.ready.then(stopTimer, stopTimer);
    try {
      this.#child = forkEngine(options);
      this.#listen(this.#child, options.onLine);
    } catch (error) {
      this.#cannotStart(error as Error);
    }
    this.#send({ type: 'load', options: options.load });
  }

  /** Undefined where the system had no process to give. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Why it failed, from that moment on: it can take a while to disappear. */
  get failure(): EngineFailure | undefined {
    return this.#failure;
  }

  /**
   * Computes one batch; one at a time.
   *
   * @throws EngineFailure when the process fails, or failed before
   */
  run(batch: EngineBatch): Promise<EngineOutput> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#pending !== undefined) throw new Error('the engine runs one batch at a time');
    return new Promise((resolve, reject) => {
      const { runTimeoutMs, leastRunMs } = this.#options;
      const limitMs = runTimeoutMs || runLimitMs(this.#itemMs, batch.items.length, leastRunMs);
      const stopTimer = stallTolerantTimeout(limitMs, () => {
        this.kill('timeout', `a run took longer than ${limitMs} ms`);
      });
      const id = this.#nextId++;
      this.#pending = { id, items: batch.items.length, stopTimer, resolve, reject };
      this.#send({ type: 'run', id, batch });
    });
  }

  /** Ends the process at once; nothing else can end a run. */
  kill(reason: EngineFailureReason, message: string): void {
    if (this.#failure !== undefined) return;
    const failure = new EngineFailure(reason, message, this.#pending !== undefined);
    this.#failure = failure;
    this.#rejectReady(failure);
    this.#pending?.stopTimer();
    this.#pending?.reject(failure);
    this.#pending = undefined;
    this.#endWith(failure);
  }

  #endWith(failure: EngineFailure): void {
    const child = this.#child;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
      this.#resolveEnded(failure);
      return;
    }
    // A process that hangs in a driver call does not die of SIGKILL; the service must not hang with it.
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
      this.kill('crash', `the engine process ended with ${signal ?? `exit code ${code ?? '?'}`}`);
    });
    killOnExit(child);
    // Read even where nobody listens: a full pipe would stop the process.
    for (const input of outputsOf(child)) createInterface({ input }).on('line', (line) => onLine?.(line));
  }

  #cannotStart({ message }: Error): void {
    this.kill('start', `the engine process cannot be started: ${message}`);
  }

  #receive(message: FromEngine): void {
    switch (message.type) {
      case 'ready':
        this.#itemMs = message.info.itemMs;
        this.#resolveReady(message.info);
        return;
      case 'unable': {
        const reason = message.stage === 'self-test' ? 'self-test' : 'start';
        this.kill(reason, `${message.stage} failed: ${message.message}`);
        return;
      }
      case 'error':
        if (message.id === this.#pending?.id) this.kill('run-error', message.message);
        return;
      case 'output':
        this.#finish(message.id, message.output);
    }
  }

  #finish(id: number, output: EngineOutput): void {
    const pending = this.#pending;
    if (pending?.id !== id) return;
    if (!areProbabilities(output.probabilities, pending.items)) {
      this.kill('bad-output', 'a run gave numbers that are no probabilities');
      return;
    }
    pending.stopTimer();
    this.#pending = undefined;
    pending.resolve(output);
  }

  #send(message: ToEngine): void {
    // A failed send means that the process is gone, which its exit reports; one that never was has no channel.
    if (this.#child?.connected === true) this.#child.send(message, () => undefined);
  }
}

/** Each row is finite, within 0..1 and sums to 1, up to rounding. */
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

function forkEngine({
  program = DEFAULT_PROGRAM,
  environment,
  picturesFd,
}: EngineProcessOptions): ChildProcess {
  return fork(fileURLToPath(program), [], {
    env: { ...process.env, ...environment },
    execArgv: sourceFlags(program),
    serialization: 'advanced',
    // The pictures last: their number is PICTURES_FD.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc', ...(picturesFd === undefined ? [] : [picturesFd])],
  });
}
