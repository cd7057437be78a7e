/** Counts failures in a sliding window: the breaker of the supervisor, after systemd's StartLimitBurst. */
export class FailureBudget {
  readonly #limit: number;
  readonly #windowMs: number;
  readonly #now: () => number;
  #times: number[] = [];

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
  record(): void {
    this.#times.push(this.#now());
    this.#forget();
  }

  /** Failures within the window that ends now. */
  get count(): number {
    this.#forget();
    return this.#times.length;
  }

  /** Whether the limit is reached. */
  get exhausted(): boolean {
    return this.count >= this.#limit;
  }

  #forget(): void {
    const oldest = this.#now() - this.#windowMs;
    this.#times = this.#times.filter((time) => time > oldest);
  }
}
