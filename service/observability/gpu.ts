import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { waitPatiently } from '../engine/patience.ts';

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
export type GpuComplaint = 'gpu-silent' | 'gpu-error' | 'gpu-memory';

export interface GpuWatchOptions {
  /** Which GPU, as `nvidia-smi --id` takes it. @default the first that CUDA_VISIBLE_DEVICES shows */
  readonly device?: string;
  /** Bytes above which a reading is too much; 0: no limit. */
  readonly memoryLimitBytes: number;
  /** @default 1000 */
  readonly intervalMs?: number;
  /** Without a reading for so long the GPU counts as silent. @default 15000 */
  readonly silenceMs?: number;
  readonly onReading: (reading: GpuReading) => void;
  readonly onComplaint: (complaint: GpuComplaint, message: string) => void;
  /** The watch cannot work: there is no `nvidia-smi`. */
  readonly onUnavailable: (message: string) => void;
}

/** Readings in a row over the limit: one alone can be a passing peak. */
const READINGS_OVER_LIMIT = 3;
/** What `nvidia-smi` writes in place of numbers when a GPU has failed: see its manual, and the driver's Xid 79. */
const FAILURE = /ERR!|GPU is lost|Unknown Error|requires? reset|Unable to determine the device handle/i;
const MIB = 1024 * 1024;

/**
 * Watches the engine's GPU through one `nvidia-smi` that goes on reporting. Complaints are made while somebody has
 * called `resume`, at most one until the next `resume`: an engine that is loading is not to blame.
 */
export class GpuWatch {
  readonly #options: Required<Omit<GpuWatchOptions, 'device'>>;
  readonly #device: string;
  #process: ChildProcess | undefined;
  #endSilence: () => void = () => undefined;
  #respawn: NodeJS.Timeout | undefined;
  #overLimit = 0;
  #armed = false;

  constructor(options: GpuWatchOptions) {
    this.#options = { intervalMs: 1000, silenceMs: 15_000, ...options };
    // An engine that was given no GPU of its own takes the first device that CUDA shows it.
    this.#device = options.device ?? process.env['CUDA_VISIBLE_DEVICES']?.split(',', 1)[0]?.trim() ?? '';
  }

  /** The engine is ready: from now on its GPU is held to account. Starts `nvidia-smi` if it does not run. */
  resume(): void {
    this.#armed = true;
    this.#overLimit = 0;
    if (this.#process === undefined) this.#start();
    this.#expectReading();
  }

  /** The engine is gone: readings go on, complaints do not. */
  pause(): void {
    this.#armed = false;
    this.#endSilence();
  }

  /** Ends `nvidia-smi`. */
  stop(): void {
    this.pause();
    clearTimeout(this.#respawn);
    this.#end();
  }

  #start(): void {
    clearTimeout(this.#respawn);
    const child = spawn(
      'nvidia-smi',
      [
        '--query-gpu=index,memory.used,utilization.gpu',
        '--format=csv,noheader,nounits',
        `--loop-ms=${this.#options.intervalMs}`,
        ...(this.#device === '' ? [] : [`--id=${this.#device}`]),
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.#process = child;
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        if (child === this.#process) this.#read(line);
      });
    }
    child.on('error', (error) => {
      if (child !== this.#process) return;
      this.stop();
      this.#options.onUnavailable(`nvidia-smi cannot be started: ${error.message}`);
    });
    child.on('exit', () => {
      if (child !== this.#process) return;
      this.#process = undefined;
      // Without readings meanwhile the silence is noticed as any other.
      this.#respawn = setTimeout(() => {
        this.#start();
      }, this.#options.intervalMs);
    });
  }

  #end(): void {
    const child = this.#process;
    this.#process = undefined;
    child?.kill('SIGKILL');
  }

  #read(line: string): void {
    if (FAILURE.test(line)) {
      this.#complain('gpu-error', `nvidia-smi reports: ${line.trim().slice(0, 200)}`);
      return;
    }
    const reading = parseReading(line);
    if (reading === undefined) return;
    this.#expectReading();
    this.#options.onReading(reading);
    const { memoryLimitBytes } = this.#options;
    const { memoryBytes = 0 } = reading;
    const isOver = memoryLimitBytes > 0 && memoryBytes > memoryLimitBytes;
    this.#overLimit = isOver ? this.#overLimit + 1 : 0;
    if (this.#overLimit >= READINGS_OVER_LIMIT) {
      const mib = Math.round(memoryBytes / MIB);
      this.#complain('gpu-memory', `GPU ${reading.gpu} uses ${mib} MiB, over GPU_MEMORY_LIMIT_MB`);
    }
  }

  #expectReading(): void {
    this.#endSilence();
    if (!this.#armed) return;
    const { silenceMs } = this.#options;
    this.#endSilence = waitPatiently(silenceMs, () => {
      // A stalled nvidia-smi does not recover; the next engine gets a fresh one.
      this.#end();
      this.#complain('gpu-silent', `nvidia-smi gave no reading for ${silenceMs} ms`);
    });
  }

  #complain(complaint: GpuComplaint, message: string): void {
    if (!this.#armed) return;
    this.pause();
    this.#options.onComplaint(complaint, message);
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
