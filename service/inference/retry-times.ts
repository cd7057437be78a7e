/** Bounds of `Retry-After`, in seconds. */
const SECONDS = { min: 1, max: 30 } as const;

/**
 * Tells refused clients when to return, so that they do not all return at once: each takes its turn behind those that
 * were refused before it, at the rate at which the service answers. So the time grows with the number of refused clients.
 * Those whose turn would come after the longest time are spread at random over its second half.
 */
export class RetryTimes {
  /** The turn of the next refused client. */
  #nextMs = -Infinity;

  /**
   * Seconds for `Retry-After`.
   *
   * @param waitMs time until the service is likely to have room for the request
   * @param turnMs time that the service is likely to need for it
   */
  next(waitMs: number, turnMs: number, now: number): number {
    const turn = Math.max(now + waitMs, this.#nextMs);
    const latest = now + SECONDS.max * 1000;
    this.#nextMs = Math.min(turn + turnMs, latest + 1);
    if (turn > latest) return Math.ceil((SECONDS.max * (1 + Math.random())) / 2);
    return Math.max(SECONDS.min, Math.ceil((turn - now) / 1000));
  }
}
