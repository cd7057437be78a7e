/** Time constant of the average: a measurement's weight falls to 1/e after this much busy time. */
const TIME_CONSTANT_MS = 60_000;
/** Answers within this time of a batch's first answer count as part of that batch. */
const SAME_BATCH_MS = 10;

/**
 * Estimates how fast the service answers under load, as an exponentially weighted average. Answers come in batches,
 * many at once and then none during the next run; the rate is therefore answers over busy time, not the time between
 * two answers, and batches are counted too.
 */
export class AnswerRate {
  /** Busy time up to the latest batch, and the answers and batches in it; all decay alike. */
  #ms = 0;
  #answers = 0;
  #batches = 0;
  /** Busy time since the latest batch. */
  #sinceMs = 0;
  #busySince: number | undefined;
  /** Time of the latest batch's first answer. */
  #batchAt = -Infinity;

  /** Sets whether the service is under load from now on; other time is not counted. */
  setBusy(isBusy: boolean, now: number): void {
    if (this.#busySince !== undefined) this.#sinceMs += now - this.#busySince;
    this.#busySince = isBusy ? now : undefined;
  }

  /** Records answers. */
  answered(items: number, now: number): void {
    if (now - this.#batchAt >= SAME_BATCH_MS) {
      if (this.#busySince === undefined) return;
      this.setBusy(true, now);
      const decay = Math.exp(-this.#sinceMs / TIME_CONSTANT_MS);
      this.#ms = this.#ms * decay + this.#sinceMs;
      this.#answers *= decay;
      this.#batches = this.#batches * decay + 1;
      this.#sinceMs = 0;
      this.#batchAt = now;
    }
    this.#answers += items;
  }

  /** Milliseconds for each answer; undefined before the first measurement. */
  get answerMs(): number | undefined {
    return this.#batches === 0 ? undefined : this.#ms / this.#answers;
  }

  /** Milliseconds until this many more answers are likely to have come; 0 before the first measurement. */
  waitMs(answers: number, now: number): number {
    if (this.#batches === 0) return 0;
    // At least one batch's time, however few answers are needed; less the time since the latest batch.
    const time = Math.max((answers * this.#ms) / this.#answers, this.#ms / this.#batches);
    return Math.max(0, time - (now - this.#batchAt));
  }
}
