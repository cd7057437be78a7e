import { GpuMonitor } from '../../service/observability/gpu-monitor.ts';

const INTERVAL_MS = 100;
const FIRST_READING_MS = 30_000;

/** Reads a GPU's memory all the time, by the program that the service's own watch uses. */
export class GpuSampler {
  readonly #watch: GpuMonitor;
  #first: number | undefined;
  #most = 0;

  private constructor(device: string, ready: () => void, fail: (error: Error) => void) {
    this.#watch = new GpuMonitor({
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
    this.#watch.resume();
  }

  /** Starts to read. @throws Error when there is no reading */
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

  /** Largest memory since the start, less the first reading; undefined where the GPU does not tell. */
  get growth(): number | undefined {
    return this.#first === undefined ? undefined : this.#most - this.#first;
  }

  stop(): void {
    this.#watch.stop();
  }
}
