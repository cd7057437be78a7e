import { GpuMonitor } from '../../service/observability/gpu-monitor.ts';

const INTERVAL_MS = 100;
const FIRST_READING_MS = 30_000;

/** Samples a GPU's memory with the service's own GPU monitor. */
export class GpuSampler {
  readonly #monitor: GpuMonitor;
  #first: number | undefined;
  #most = 0;

  private constructor(device: string, ready: () => void, fail: (error: Error) => void) {
    this.#monitor = new GpuMonitor({
      device,
      memoryLimitBytes: 0,
      intervalMs: INTERVAL_MS,
      silenceMs: FIRST_READING_MS,
      onReading: ({ memoryBytes }) => {
        if (memoryBytes !== undefined) {
          this.#first ??= memoryBytes;
          this.#most = Math.max(this.#most, memoryBytes);
        }
        ready();
      },
      onFault: (_, message) => {
        fail(new Error(message));
      },
      onUnavailable: (message) => {
        fail(new Error(message));
      },
    });
    this.#monitor.resume();
  }

  /** Starts sampling. @throws Error if there is no reading */
  static start(device: string): Promise<GpuSampler> {
    return new Promise((resolve, reject) => {
      const sampler: GpuSampler = new GpuSampler(
        device,
        () => {
          resolve(sampler);
        },
        reject,
      );
    });
  }

  /** Peak memory since the start less the first reading; undefined if the GPU does not report it. */
  get growth(): number | undefined {
    return this.#first === undefined ? undefined : this.#most - this.#first;
  }

  stop(): void {
    this.#monitor.stop();
  }
}
