/** Length of the window over which a rate is taken, in milliseconds. */
const WINDOW_MS = 10_000;
/** Samples closer than this say nothing that the one before does not, in milliseconds. */
const SPACING_MS = 100;

/** The rate of something that grows, over the last ten seconds. */
export class RateMeter {
  #samples: { readonly value: number; readonly at: number }[] = [];

  /**
   * @param value what has come so far
   * @param at when, in milliseconds of a clock that only goes forward
   */
  record(value: number, at: number): void {
    const last = this.#samples.at(-1);
    // The first sample stays as it is: the rate is measured from it.
    if (last !== undefined && this.#samples.length > 1 && at - last.at < SPACING_MS) this.#samples.pop();
    this.#samples.push({ value, at });
    while ((this.#samples[1]?.at ?? Infinity) < at - WINDOW_MS) this.#samples.shift();
  }

  /** Growth in a second; 0 while it is not known. */
  perSecond(): number {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.at <= first.at) return 0;
    return (1000 * (last.value - first.value)) / (last.at - first.at);
  }
}
