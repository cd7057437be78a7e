import { Overloaded, TooManyItems } from './errors.ts';

/** Places that a request holds from its arrival until its answer. */
export interface Place {
  /**
   * Takes more places, or gives some back, once the request's items are known.
   *
   * @throws Overloaded when they are not to be had, TooManyItems when they never will be; the place stays as it was
   */
  resize(items: number): void;
  /** Gives all of it back; a second call does nothing. */
  release(): void;
}

/** Weight of the latest answer in the running mean of the time between answers. */
const SMOOTHING = 0.1;
/** Before anything was measured, and as bounds of what is told to clients, in seconds. */
const RETRY_BOUNDS = { least: 1, most: 60 } as const;

/**
 * Counts items, not requests, from acceptance to answer, and refuses what is over the limit before any work is
 * done for it.
 */
export class Admission {
  readonly #max: number;
  readonly #now: () => number;
  #held = 0;
  #lastAnswerMs: number | undefined;
  #meanGapMs: number | undefined;

  /**
   * @param max most items accepted and unanswered
   * @param now a monotonic clock in milliseconds
   */
  constructor(max: number, now: () => number = () => performance.now()) {
    this.#max = max;
    this.#now = now;
  }

  /** Items accepted and unanswered. */
  get held(): number {
    return this.#held;
  }

  /**
   * Takes places for a request.
   *
   * @throws Overloaded with the seconds after which to try again
   */
  admit(items = 1): Place {
    this.#take(items);
    let mine = items;
    let released = false;
    return {
      resize: (wanted) => {
        if (released) return;
        if (wanted > this.#max) throw new TooManyItems(wanted, this.#max);
        this.#take(wanted - mine);
        mine = wanted;
      },
      release: () => {
        if (released) return;
        released = true;
        this.#held -= mine;
      },
    };
  }

  /** Records that an item was answered: the rate from which a refused client's wait is computed. */
  answered(items = 1): void {
    const now = this.#now();
    if (this.#lastAnswerMs !== undefined) {
      const gap = (now - this.#lastAnswerMs) / items;
      this.#meanGapMs =
        this.#meanGapMs === undefined ? gap : this.#meanGapMs + SMOOTHING * (gap - this.#meanGapMs);
    }
    // While nobody waits, the time between answers says nothing of how fast they can come.
    this.#lastAnswerMs = this.#held > items ? now : undefined;
  }

  #take(items: number): void {
    if (items > 0 && this.#held + items > this.#max) {
      throw new Overloaded(this.#retryAfter(items));
    }
    this.#held += items;
  }

  /** Seconds until as many places as are missing have come free, at the measured rate. */
  #retryAfter(items: number): number {
    const missing = Math.min(this.#held, this.#held + items - this.#max);
    const seconds = Math.ceil((missing * (this.#meanGapMs ?? 0)) / 1000);
    return Math.min(RETRY_BOUNDS.most, Math.max(RETRY_BOUNDS.least, seconds));
  }
}
