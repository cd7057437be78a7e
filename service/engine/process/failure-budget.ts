/** How long a failure counts against its engine. */
export const FAILURE_WINDOW_MS = 10 * 60_000;

/**
 * Failures of one engine after which it is given up. Isolating one poisonous item takes the whole batch twice, its
 * halves down to one item, and another item with the same picture: 3 + log2(maxBatch) failures. Twice as many leave
 * room for a second such item, or for as many failures of the engine's own: 12 for batches of 8.
 */
export function failureLimit(maxBatch: number): number {
  return 2 * (3 + Math.ceil(Math.log2(maxBatch)));
}

/** Counts failures in a sliding window: the breaker of the supervisor, after systemd's StartLimitBurst. */
export class FailureBudget<Failure> {
  readonly #limit: number;
  readonly #windowMs: number;
  readonly #now: () => number;
  #failures: { readonly atMs: number; readonly failure: Failure }[] = [];

  /**
   * @param limit failures within the window that use the budget up
   * @param windowMs length of the window in milliseconds
   * @param now a monotonic clock in milliseconds
   */
  constructor(limit: number, windowMs: number, now: () => number = () => performance.now()) {
    this.#limit = limit;
    this.#windowMs = windowMs;
    this.#now = now;
  }

  /** Records a failure. */
  record(failure: Failure): void {
    this.#failures.push({ atMs: this.#now(), failure });
    this.#forget();
  }

  /** Counts some failures no longer. */
  forgive(isForgiven: (failure: Failure) => boolean): void {
    this.#failures = this.#failures.filter(({ failure }) => !isForgiven(failure));
  }

  /** Failures within the window that ends now. */
  get count(): number {
    this.#forget();
    return this.#failures.length;
  }

  /** Whether the limit is reached. */
  get exhausted(): boolean {
    return this.count >= this.#limit;
  }

  #forget(): void {
    const oldest = this.#now() - this.#windowMs;
    this.#failures = this.#failures.filter(({ atMs }) => atMs > oldest);
  }
}
