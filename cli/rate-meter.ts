/** Length of the window over which the rate is measured, in milliseconds. */
const WINDOW_MS = 10_000;
/** Samples closer together than this replace each other, in milliseconds. */
const SPACING_MS = 100;

/** Measures the rate at which a value grows, over the last ten seconds. */
export class RateMeter {
  readonly #samples: { readonly value: number; readonly at: number }[] = [];

  /**
   * @param value the value so far
   * @param at time in milliseconds, from a monotonic clock
   */
  record(value: number, at: number): void {
    const last = this.#samples.at(-1);
    // The first sample is kept: the rate is measured from it.
    if (last !== undefined && this.#samples.length > 1 && at - last.at < SPACING_MS) this.#samples.pop();
    this.#samples.push({ value, at });
    while ((this.#samples[1]?.at ?? Infinity) < at - WINDOW_MS) this.#samples.shift();
  }

  /** Growth per second; 0 until there are two samples. */
  perSecond(): number {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.at <= first.at) return 0;
    return (1000 * (last.value - first.value)) / (last.at - first.at);
  }
}
