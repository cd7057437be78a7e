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
  /**
   * Takes memory for the request's body: so many bytes in all, or what it has if that is more.
   *
   * @throws Overloaded when it is not to be had; the place stays as it was
   */
  holdBody(bytes: number): void;
  /** Gives all of it back; a second call does nothing. */
  release(): void;
}

export interface AdmissionOptions {
  /** Most bytes of bodies that requests may hold together. @default no limit */
  readonly maxBodyBytes?: number;
  /** A monotonic clock in milliseconds. @default performance.now */
  readonly now?: () => number;
}

/** Bounds of what is told to clients, in seconds. */
const RETRY_BOUNDS = { least: 1, most: 60 } as const;

/**
 * Bounds the work that the service has accepted: the number of items (not requests) from acceptance to answer, and the
 * bytes of the request bodies in memory. What would exceed a bound is refused before any work is done, with a
 * `Retry-After` estimated from the rate of recent answers. The HTTP routes call it: `admit` when a request arrives,
 * `resize` once its items are known, `answered` and `release` at its end. It stands before the predictor and knows
 * nothing of batches.
 */
export class Admission {
  readonly #max: number;
  readonly #maxBodyBytes: number;
  readonly #now: () => number;
  readonly #rate = new AnswerRate();
  #held = 0;
  #bodyBytes = 0;

  /** @param max most items accepted and unanswered */
  constructor(
    max: number,
    { maxBodyBytes = Infinity, now = () => performance.now() }: AdmissionOptions = {},
  ) {
    this.#max = max;
    this.#maxBodyBytes = maxBodyBytes;
    this.#now = now;
  }

  /** Items accepted and unanswered. */
  get held(): number {
    return this.#held;
  }

  /** Bytes of bodies that they hold. */
  get bodyBytes(): number {
    return this.#bodyBytes;
  }

  /**
   * Takes places for a request.
   *
   * @throws Overloaded with the seconds after which to try again
   */
  admit(items = 1): Place {
    this.#take(items);
    let mine = items;
    let body = 0;
    let released = false;
    return {
      resize: (wanted) => {
        if (released) return;
        if (wanted > this.#max) throw new TooManyItems(wanted, this.#max);
        this.#take(wanted - mine);
        mine = wanted;
      },
      holdBody: (bytes) => {
        if (released || bytes <= body) return;
        this.#takeBytes(bytes - body);
        body = bytes;
      },
      release: () => {
        if (released) return;
        released = true;
        this.#bodyBytes -= body;
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
      throw new Overloaded('places', this.#secondsUntil(missing));
    }
    this.#hold(items);
  }

  #takeBytes(bytes: number): void {
    const missing = this.#bodyBytes + bytes - this.#maxBodyBytes;
    if (missing > 0) {
      // As many items as hold so much on average.
      const items = Math.min(this.#held, Math.ceil((missing / Math.max(1, this.#bodyBytes)) * this.#held));
      throw new Overloaded('memory', this.#secondsUntil(items));
    }
    this.#bodyBytes += bytes;
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
