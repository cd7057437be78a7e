/** What was measured fades: after so long it counts a third. */
const MEMORY_MS = 60_000;
/** Answers that come within so long of a batch's first are of the same batch, as far as anybody waits for them. */
const SAME_BATCH_MS = 10;

/**
 * How fast answers come when there is much to do. They come in batches, many at one instant and then none for as long as
 * the next run takes: so they are counted over time, not from one to the next, and batches are counted as well.
 */
export class AnswerRate {
  /** Busy time up to the latest batch, and what came in it. */
  #ms = 0;
  #answers = 0;
  #batches = 0;
  /** Busy time after it. */
  #sinceMs = 0;
  #busyFrom: number | undefined;
  /** When the latest batch's first answer came. */
  #batchAt = -Infinity;

  /** Tells whether there is much to do from now on: time without is not counted. */
  watch(isBusy: boolean, now: number): void {
    if (this.#busyFrom !== undefined) this.#sinceMs += now - this.#busyFrom;
    this.#busyFrom = isBusy ? now : undefined;
  }

  /** Records answers. */
  answered(items: number, now: number): void {
    if (now - this.#batchAt >= SAME_BATCH_MS) {
      if (this.#busyFrom === undefined) return;
      this.watch(true, now);
      const fade = Math.exp(-this.#sinceMs / MEMORY_MS);
      this.#ms = this.#ms * fade + this.#sinceMs;
      this.#answers *= fade;
      this.#batches = this.#batches * fade + 1;
      this.#sinceMs = 0;
      this.#batchAt = now;
    }
    this.#answers += items;
  }

  /** Milliseconds in which so many answers are likely to come; 0 before anything was measured. */
  waitMs(answers: number, now: number): number {
    if (this.#batches === 0) return 0;
    // At least a batch's time, however few are needed of it; what has passed since the latest one is over.
    const time = Math.max((answers * this.#ms) / this.#answers, this.#ms / this.#batches);
    return Math.max(0, time - (now - this.#batchAt));
  }
}
