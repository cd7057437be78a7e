import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { killOnExit, outputsOf } from '../engine/process/child-process.ts';
import { stallTolerantTimeout } from '../engine/process/stall-tolerant-timeout.ts';

/** What `nvidia-smi` says of one GPU. */
export interface GpuReading {
  /** Index as `nvidia-smi` counts. */
  readonly gpu: string;
  /** Bytes in use, by whomever; undefined where the GPU does not tell (MIG). */
  readonly memoryBytes: number | undefined;
  /** 0 to 1: the share of time in which a kernel ran; undefined where the GPU does not tell (MIG). */
  readonly utilization: number | undefined;
}

/** Why the engine should be replaced, as far as its GPU tells. */
export type GpuFault = 'gpu-silent' | 'gpu-error' | 'gpu-memory';

export interface GpuMonitorOptions {
  /** Which GPU, as `nvidia-smi --id` takes it. @default the first that CUDA_VISIBLE_DEVICES shows */
  readonly device?: string;
  /** Bytes above which a reading is too much; 0: no limit. */
  readonly memoryLimitBytes: number;
  /** @default 1000 */
  readonly intervalMs?: number;
  /** Without a reading for so long the GPU counts as silent. @default 15000 */
  readonly silenceMs?: number;
  readonly onReading: (reading: GpuReading) => void;
  /** What was last read of this GPU is out of date, and nothing newer is known. */
  readonly onStale?: (gpu: string) => void;
  readonly onFault: (complaint: GpuFault, message: string) => void;
  /** The watch cannot work, at least for now: there is no `nvidia-smi`, or no process for it. Told once until it works. */
  readonly onUnavailable: (message: string) => void;
}

/** Readings in a row over the limit: one alone can be a passing peak. */
const READINGS_OVER_LIMIT = 3;
/** What `nvidia-smi` writes in place of numbers when a GPU has failed: see its manual, and the driver's Xid 79. */
const FAILURE = /ERR!|GPU is lost|Unknown Error|requires? reset|Unable to determine the device handle/i;
/** A field of its own that not every GPU and driver fill, also healthy ones. */
const UNKNOWN_UTILIZATION = /, \[Unknown Error\]\s*$/i;
/** After how many intervals a `nvidia-smi` that could not be started is tried again. */
const START_AGAIN_INTERVALS = 10;
const MIB = 1024 * 1024;

/**
 * Watches the engine's GPU through one `nvidia-smi` that goes on reporting. Complaints are made while somebody has
 * called `resume`, at most one until the next `resume`: an engine that is loading is not to blame.
 */
export class GpuMonitor {
  readonly #options: Required<Omit<GpuMonitorOptions, 'device'>>;
  readonly #device: string;
  #process: ChildProcess | undefined;
  #endSilence: () => void = () => undefined;
  #respawn: NodeJS.Timeout | undefined;
  /** Readings in a row over the limit, by GPU: without a device of its own it hears of all. */
  readonly #overLimit = new Map<string, number>();
  #isUnavailable = false;
  #armed = false;
  /** Whose last reading still holds. */
  readonly #known = new Set<string>();

  constructor(options: GpuMonitorOptions) {
    this.#options = { intervalMs: 1000, silenceMs: 15_000, onStale: () => undefined, ...options };
    // An engine that was given no GPU of its own takes the first device that CUDA shows it.
    this.#device = options.device ?? process.env['CUDA_VISIBLE_DEVICES']?.split(',', 1)[0]?.trim() ?? '';
  }

  /** The engine is ready: from now on its GPU is held to account. Starts `nvidia-smi` if it does not run. */
  resume(): void {
    this.#armed = true;
    this.#overLimit.clear();
    this.#expectReading();
    if (this.#process === undefined) this.#start();
  }

  /** The engine is gone: readings go on, complaints do not. */
  pause(): void {
    this.#armed = false;
  }

  /** Ends `nvidia-smi`. */
  stop(): void {
    this.pause();
    this.#endSilence();
    clearTimeout(this.#respawn);
    this.#end();
    this.#forget();
  }

  #start(): void {
    clearTimeout(this.#respawn);
    // Its silence counts again from now on.
    if (this.#isUnavailable) this.#expectReading();
    try {
      this.#listen(this.#spawn());
    } catch (error) {
      this.#cannotStart(error as NodeJS.ErrnoException);
    }
  }

  #spawn(): ChildProcess {
    const query = [
      '--query-gpu=index,memory.used,utilization.gpu',
      '--format=csv,noheader,nounits',
      `--loop-ms=${this.#options.intervalMs}`,
      ...(this.#device === '' ? [] : [`--id=${this.#device}`]),
    ];
    return spawn('nvidia-smi', query, { stdio: ['ignore', 'pipe', 'pipe'] });
  }

  #listen(child: ChildProcess): void {
    this.#process = child;
    child.on('error', (error) => {
      if (child !== this.#process) return;
      this.#end();
      this.#cannotStart(error);
    });
    child.on('spawn', () => {
      this.#isUnavailable = false;
    });
    child.on('exit', () => {
      if (child !== this.#process) return;
      this.#process = undefined;
      // Without readings meanwhile the silence is noticed as any other.
      this.#startAgainIn(this.#options.intervalMs);
    });
    killOnExit(child);
    for (const input of outputsOf(child)) {
      createInterface({ input }).on('line', (line) => {
        if (child === this.#process) this.#read(line);
      });
    }
  }

  /** That is no fault of the GPU: its silence does not count meanwhile. */
  #cannotStart({ code, message }: NodeJS.ErrnoException): void {
    this.#endSilence();
    this.#forget();
    if (!this.#isUnavailable) this.#options.onUnavailable(`nvidia-smi cannot be started: ${message}`);
    this.#isUnavailable = true;
    // A program that is not there will not come; processes and files that are short will.
    if (code !== 'ENOENT') this.#startAgainIn(this.#options.intervalMs * START_AGAIN_INTERVALS);
  }

  #startAgainIn(ms: number): void {
    clearTimeout(this.#respawn);
    this.#respawn = setTimeout(() => {
      this.#start();
    }, ms);
  }

  #end(): void {
    const child = this.#process;
    this.#process = undefined;
    child?.kill('SIGKILL');
  }

  #read(line: string): void {
    if (FAILURE.test(line.replace(UNKNOWN_UTILIZATION, ''))) {
      this.#forget();
      this.#complain('gpu-error', `nvidia-smi reports: ${line.trim().slice(0, 200)}`);
      return;
    }
    const reading = parseReading(line);
    if (reading === undefined) return;
    this.#expectReading();
    this.#known.add(reading.gpu);
    this.#options.onReading(reading);
    const { memoryLimitBytes } = this.#options;
    const { gpu, memoryBytes = 0 } = reading;
    const isOver = memoryLimitBytes > 0 && memoryBytes > memoryLimitBytes;
    const overLimit = isOver ? (this.#overLimit.get(gpu) ?? 0) + 1 : 0;
    this.#overLimit.set(gpu, overLimit);
    if (overLimit >= READINGS_OVER_LIMIT) {
      const mib = Math.round(memoryBytes / MIB);
      this.#complain('gpu-memory', `GPU ${gpu} uses ${mib} MiB, over GPU_MEMORY_LIMIT_MB`);
    }
  }

  #expectReading(): void {
    this.#endSilence();
    const { silenceMs } = this.#options;
    this.#endSilence = stallTolerantTimeout(silenceMs, () => {
      this.#forget();
      if (!this.#armed) return;
      // A stalled nvidia-smi does not recover; the next engine gets a fresh one.
      this.#end();
      this.#complain('gpu-silent', `nvidia-smi gave no reading for ${silenceMs} ms`);
    });
  }

  #forget(): void {
    for (const gpu of this.#known) this.#options.onStale(gpu);
    this.#known.clear();
  }

  #complain(complaint: GpuFault, message: string): void {
    if (!this.#armed) return;
    this.pause();
    this.#options.onFault(complaint, message);
  }
}

/** Reads `0, 5120, 37`; undefined where a line is none, or holds what cannot be. */
export function parseReading(line: string): GpuReading | undefined {
  const match = /^\s*(\d{1,3}), (\d{1,9}|\[[\w /]+\]), (\d{1,3}|\[[\w /]+\])\s*$/.exec(line);
  if (match === null) return undefined;
  const [, gpu = '', memory = '', utilization = ''] = match;
  const percent = numberOf(utilization);
  const mebibytes = numberOf(memory);
  if (percent !== undefined && percent > 100) return undefined;
  return {
    gpu,
    memoryBytes: mebibytes === undefined ? undefined : mebibytes * MIB,
    utilization: percent === undefined ? undefined : percent / 100,
  };
}

/** `[N/A]`, `[Not Supported]` and `[Insufficient Permissions]` stand where a GPU does not tell. */
function numberOf(text: string): number | undefined {
  return text.startsWith('[') ? undefined : Number(text);
}
