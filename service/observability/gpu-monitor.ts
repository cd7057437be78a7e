import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { MIB } from '../../model/bytes.ts';
import { killOnExit, outputsOf } from '../engine/process/child-process.ts';
import { stallTolerantTimeout } from '../engine/process/stall-tolerant-timeout.ts';

/** What `nvidia-smi` reports about one GPU. */
export interface GpuReading {
  /** Index in `nvidia-smi`. */
  readonly gpu: string;
  /** Memory in use by all processes; undefined if it is not reported, as in MIG mode. */
  readonly memoryBytes: number | undefined;
  /** Share of time in which a kernel ran, 0 to 1; undefined if it is not reported, as in MIG mode. */
  readonly utilization: number | undefined;
}

/** Why the engine on a GPU should be replaced. */
export type GpuFault = 'gpu-silent' | 'gpu-error' | 'gpu-memory';

export interface GpuMonitorOptions {
  /** The GPU as in `nvidia-smi --id`. @default the first in CUDA_VISIBLE_DEVICES, which is the one CUDA uses */
  readonly device?: string;
  /** Limit of the memory in use; 0 disables it. */
  readonly memoryLimitBytes: number;
  /** @default 1000 */
  readonly intervalMs?: number;
  /** Time without a reading after which the GPU counts as silent. @default 15000 */
  readonly silenceMs?: number;
  readonly onReading: (reading: GpuReading) => void;
  /** The last reading of this GPU is out of date, and there is no newer one. */
  readonly onStale?: (gpu: string) => void;
  readonly onFault: (fault: GpuFault, message: string) => void;
  /** `nvidia-smi` cannot be started, perhaps temporarily. Called once until it can be. */
  readonly onUnavailable: (message: string) => void;
}

/** Consecutive readings over the limit that make a fault: a single one can be a short peak. */
const READINGS_OVER_LIMIT = 3;
/** What `nvidia-smi` prints instead of numbers when a GPU has failed: see its manual, and the driver's Xid 79. */
const FAILURE = /ERR!|GPU is lost|Unknown Error|requires? reset|Unable to determine the device handle/i;
/** Some healthy GPUs and drivers do not report the utilization either. */
const UNKNOWN_UTILIZATION = /, \[Unknown Error\]\s*$/i;
/** Intervals after which to try again to start `nvidia-smi`. */
const RETRY_INTERVALS = 10;

/**
 * Monitors an engine's GPU with an `nvidia-smi` that reports continuously. Faults are reported only between `resume` and
 * `pause`, as they do not concern an engine that is still loading, and at most one until the next `resume`.
 */
export class GpuMonitor {
  readonly #options: Required<Omit<GpuMonitorOptions, 'device'>>;
  readonly #device: string;
  #process: ChildProcess | undefined;
  #cancelSilence: () => void = () => undefined;
  #respawn: NodeJS.Timeout | undefined;
  /** Consecutive readings over the limit by GPU: without a device, `nvidia-smi` reports all GPUs. */
  readonly #overLimit = new Map<string, number>();
  #isUnavailable = false;
  #isArmed = false;
  /** GPUs whose last reading is not stale. */
  readonly #current = new Set<string>();

  constructor(options: GpuMonitorOptions) {
    this.#options = { intervalMs: 1000, silenceMs: 15_000, onStale: () => undefined, ...options };
    this.#device = options.device ?? process.env['CUDA_VISIBLE_DEVICES']?.split(',', 1)[0]?.trim() ?? '';
  }

  /** Starts `nvidia-smi` if it is not running, and reports faults from now on. */
  resume(): void {
    this.#isArmed = true;
    this.#overLimit.clear();
    this.#expectReading();
    if (this.#process === undefined) this.#start();
  }

  /** Stops reporting faults; readings continue. */
  pause(): void {
    this.#isArmed = false;
  }

  stop(): void {
    this.pause();
    this.#cancelSilence();
    clearTimeout(this.#respawn);
    this.#kill();
    this.#markStale();
  }

  #start(): void {
    clearTimeout(this.#respawn);
    if (this.#isUnavailable) this.#expectReading();
    const query = [
      '--query-gpu=index,memory.used,utilization.gpu',
      '--format=csv,noheader,nounits',
      `--loop-ms=${this.#options.intervalMs}`,
      ...(this.#device === '' ? [] : [`--id=${this.#device}`]),
    ];
    try {
      this.#listen(spawn('nvidia-smi', query, { stdio: ['ignore', 'pipe', 'pipe'] }));
    } catch (error) {
      this.#cannotStart(error as NodeJS.ErrnoException);
    }
  }

  #listen(child: ChildProcess): void {
    this.#process = child;
    child.on('error', (error) => {
      if (child !== this.#process) return;
      this.#kill();
      this.#cannotStart(error);
    });
    child.on('spawn', () => {
      this.#isUnavailable = false;
    });
    child.on('exit', () => {
      if (child !== this.#process) return;
      this.#process = undefined;
      this.#startIn(this.#options.intervalMs);
    });
    killOnExit(child);
    for (const input of outputsOf(child)) {
      createInterface({ input }).on('line', (line) => {
        if (child === this.#process) this.#read(line);
      });
    }
  }

  /** This is not the GPU's fault, so its silence does not count meanwhile. */
  #cannotStart({ code, message }: NodeJS.ErrnoException): void {
    this.#cancelSilence();
    this.#markStale();
    if (!this.#isUnavailable) this.#options.onUnavailable(`nvidia-smi cannot be started: ${message}`);
    this.#isUnavailable = true;
    // A missing program stays missing, but a lack of processes or file descriptors can pass.
    if (code !== 'ENOENT') this.#startIn(this.#options.intervalMs * RETRY_INTERVALS);
  }

  #startIn(ms: number): void {
    clearTimeout(this.#respawn);
    this.#respawn = setTimeout(() => {
      this.#start();
    }, ms);
  }

  #kill(): void {
    const child = this.#process;
    this.#process = undefined;
    child?.kill('SIGKILL');
  }

  #read(line: string): void {
    if (FAILURE.test(line.replace(UNKNOWN_UTILIZATION, ''))) {
      this.#markStale();
      this.#reportFault('gpu-error', `nvidia-smi reports: ${line.trim().slice(0, 200)}`);
      return;
    }
    const reading = parseReading(line);
    if (reading === undefined) return;
    this.#expectReading();
    this.#current.add(reading.gpu);
    this.#options.onReading(reading);
    const { memoryLimitBytes } = this.#options;
    const { gpu, memoryBytes = 0 } = reading;
    const isOver = memoryLimitBytes > 0 && memoryBytes > memoryLimitBytes;
    const overLimit = isOver ? (this.#overLimit.get(gpu) ?? 0) + 1 : 0;
    this.#overLimit.set(gpu, overLimit);
    if (overLimit >= READINGS_OVER_LIMIT) {
      const mib = Math.round(memoryBytes / MIB);
      this.#reportFault('gpu-memory', `GPU ${gpu} uses ${mib} MiB, over GPU_MEMORY_LIMIT_MB`);
    }
  }

  #expectReading(): void {
    this.#cancelSilence();
    const { silenceMs } = this.#options;
    this.#cancelSilence = stallTolerantTimeout(silenceMs, () => {
      this.#markStale();
      if (!this.#isArmed) return;
      // A stalled nvidia-smi does not recover; `resume` starts another.
      this.#kill();
      this.#reportFault('gpu-silent', `nvidia-smi gave no reading for ${silenceMs} ms`);
    });
  }

  #markStale(): void {
    for (const gpu of this.#current) this.#options.onStale(gpu);
    this.#current.clear();
  }

  #reportFault(fault: GpuFault, message: string): void {
    if (!this.#isArmed) return;
    this.pause();
    this.#options.onFault(fault, message);
  }
}

/** Parses a line such as `0, 5120, 37`; undefined if it is not a reading, or an impossible one. */
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

/** Undefined for `[N/A]`, `[Not Supported]` and `[Insufficient Permissions]`. */
function numberOf(text: string): number | undefined {
  return text.startsWith('[') ? undefined : Number(text);
}
