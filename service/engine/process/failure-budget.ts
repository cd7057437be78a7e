import type { EngineFailure } from './failure.ts';

/** How long a failure counts. */
export const FAILURE_WINDOW_MS = 10 * 60_000;

/**
 * Failures after which an engine is given up. Isolating one poisonous item takes 3 + log2(maxBatch) of them: the whole
 * batch twice, its halves down to one item, and another item with the same picture. The limit is twice that, which
 * leaves room for a second such item, or for as many failures of the engine itself: 12 for batches of 8.
 */
export function failureLimit(maxBatch: number): number {
  return 2 * (3 + Math.ceil(Math.log2(maxBatch)));
}

/** Counts failures in a sliding window, like systemd's StartLimitBurst. */
export class FailureBudget {
  readonly #limit: number;
  readonly #windowMs: number;
  readonly #now: () => number;
  #failures: { readonly atMs: number; readonly failure: EngineFailure }[] = [];

  /**
   * @param limit failures within the window that exhaust the budget
   * @param now a monotonic clock in milliseconds
   */
  constructor(limit: number, windowMs: number, now: () => number = () => performance.now()) {
    this.#limit = limit;
    this.#windowMs = windowMs;
    this.#now = now;
  }

  record(failure: EngineFailure): void {
    this.#failures.push({ atMs: this.#now(), failure });
  }

  /** Stops counting the failures that an item caused. */
  forgiveItems(): void {
    this.#failures = this.#failures.filter(({ failure }) => !failure.isItemsFault);
  }

  /** Whether the window that ends now holds as many failures as the limit. */
  get isExhausted(): boolean {
    const start = this.#now() - this.#windowMs;
    this.#failures = this.#failures.filter(({ atMs }) => atMs > start);
    return this.#failures.length >= this.#limit;
  }
}
