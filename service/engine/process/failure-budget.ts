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
