import { AnswerRate } from './answer-rate.ts';
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

export interface AdmissionOptions {
  /** A monotonic clock in milliseconds. @default performance.now */
  readonly now?: () => number;
}

/** Bounds of what is told to clients, in seconds. */
const RETRY_BOUNDS = { least: 1, most: 60 } as const;

/**
 * Counts items, not requests, from acceptance to answer, and refuses what is over the limit before any work is
 * done for it.
 */
export class Admission {
  readonly #max: number;
  readonly #now: () => number;
  readonly #rate = new AnswerRate();
  #held = 0;

  /** @param max most items accepted and unanswered */
  constructor(max: number, { now = () => performance.now() }: AdmissionOptions = {}) {
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
        this.#hold(-mine);
      },
    };
  }

  /** Records that items were answered: the rate from which a refused client's wait is computed. */
  answered(items = 1): void {
    this.#rate.answered(items, this.#now());
  }

  #take(items: number): void {
    if (items > 0 && this.#held + items > this.#max) {
      const missing = Math.min(this.#held, this.#held + items - this.#max);
      throw new Overloaded(this.#secondsUntil(missing));
    }
    this.#hold(items);
  }

  #hold(items: number): void {
    this.#held += items;
    // With less than this, answers may come as slowly as requests do, and say nothing of how fast they can.
    this.#rate.watch(this.#held * 2 >= this.#max, this.#now());
  }

  /** Seconds until so many items are answered, at the measured rate. */
  #secondsUntil(items: number): number {
    const seconds = Math.ceil(this.#rate.waitMs(items, this.#now()) / 1000);
    return Math.min(RETRY_BOUNDS.most, Math.max(RETRY_BOUNDS.least, seconds));
  }
}
