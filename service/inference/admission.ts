import { AnswerRate } from './answer-rate.ts';
import { Overloaded, TooManyItems } from './errors.ts';

/** What one request holds from its arrival until its answer: a number of items, and memory for its body. */
export interface Slot {
  /**
   * Changes the number of items, once they are known.
   *
   * @throws Overloaded if there is no room for them now, TooManyItems if there never will be; the slot is unchanged
   */
  resize(items: number): void;
  /**
   * Reserves memory for the request's body. A size below what is already reserved changes nothing.
   *
   * @param bytes size of the body in all
   * @throws Overloaded if there is no room for it now; the slot is unchanged
   */
  holdBody(bytes: number): void;
  /** Gives everything back. Further calls do nothing. */
  release(): void;
}

export interface AdmissionOptions {
  /** Most bytes of bodies that all requests may hold together. @default no limit */
  readonly maxBodyBytes?: number;
  /** A monotonic clock in milliseconds. @default performance.now */
  readonly now?: () => number;
}

/** Bounds of `Retry-After`, in seconds. */
const RETRY_AFTER = { min: 1, max: 60 } as const;

/**
 * Bounds the work that the service has accepted: the number of items (not requests) from acceptance to answer, and the
 * bytes of the request bodies in memory. What would exceed a bound is refused before any work is done, with a
 * `Retry-After` estimated from the rate of recent answers. The HTTP routes call it: `admit` when a request arrives,
 * `resize` once its items are known, `answered` and `release` at its end. It stands before the predictor and knows
 * nothing of batches.
 */
export class Admission {
  readonly #maxItems: number;
  readonly #maxBodyBytes: number;
  readonly #now: () => number;
  readonly #rate = new AnswerRate();
  #items = 0;
  #bodyBytes = 0;

  /** @param maxItems most items accepted and not yet answered */
  constructor(
    maxItems: number,
    { maxBodyBytes = Infinity, now = () => performance.now() }: AdmissionOptions = {},
  ) {
    this.#maxItems = maxItems;
    this.#maxBodyBytes = maxBodyBytes;
    this.#now = now;
  }

  /** Items accepted and not yet answered. */
  get held(): number {
    return this.#items;
  }

  /** Bytes reserved for request bodies. */
  get bodyBytes(): number {
    return this.#bodyBytes;
  }

  /**
   * Accepts a request.
   *
   * @throws Overloaded if there is no room for it now
   */
  admit(items = 1): Slot {
    this.#takeItems(items);
    let mine = items;
    let body = 0;
    let released = false;
    return {
      resize: (wanted) => {
        if (released) return;
        if (wanted > this.#maxItems) throw new TooManyItems(wanted, this.#maxItems);
        this.#takeItems(wanted - mine);
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
        this.#addItems(-mine);
      },
    };
  }

  /** Records that items were answered; `Retry-After` is estimated from their rate. */
  answered(items = 1): void {
    this.#rate.answered(items, this.#now());
  }

  #takeItems(items: number): void {
    if (items > 0 && this.#items + items > this.#maxItems) {
      const excess = Math.min(this.#items, this.#items + items - this.#maxItems);
      throw new Overloaded('queue', this.#retryAfterSeconds(excess));
    }
    this.#addItems(items);
  }

  #takeBytes(bytes: number): void {
    const excess = this.#bodyBytes + bytes - this.#maxBodyBytes;
    if (excess > 0) {
      // As many items as hold that many bytes on average.
      const items = Math.min(this.#items, Math.ceil((excess / Math.max(1, this.#bodyBytes)) * this.#items));
      throw new Overloaded('memory', this.#retryAfterSeconds(items));
    }
    this.#bodyBytes += bytes;
  }

  #addItems(items: number): void {
    this.#items += items;
    // Less than half full, answers come at the rate of the requests, which says nothing about how fast they could come.
    this.#rate.setBusy(this.#items * 2 >= this.#maxItems, this.#now());
  }

  /** Seconds until so many items are likely to be answered. */
  #retryAfterSeconds(items: number): number {
    const seconds = Math.ceil(this.#rate.waitMs(items, this.#now()) / 1000);
    return Math.min(RETRY_AFTER.max, Math.max(RETRY_AFTER.min, seconds));
  }
}
