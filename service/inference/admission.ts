import { AnswerRate } from './answer-rate.ts';
import { Overloaded, TooManyItems } from './errors.ts';
import { FairShares } from './fair-shares.ts';

/** A request's share of the queue: a number of items, until it is answered. */
export interface Slot {
  /**
   * Changes the number of items, once they are known.
   *
   * @throws Overloaded if there is no room for them now, TooManyItems if there never will be; the slot is unchanged
   */
  resize(items: number): void;
  /** Gives the items back. Further calls do nothing. */
  release(): void;
}

/** Bounds of `Retry-After`, in seconds. */
const RETRY_AFTER = { min: 1, max: 60 } as const;

/**
 * Bounds the work that the service has accepted: the number of items (not requests) from acceptance to answer. What
 * would exceed the bound is refused before any work is done, with a `Retry-After` estimated from the rate of recent
 * answers. The HTTP routes call it: `checkRoom` before a body is read, `admit` when it is complete, `resize` once its
 * items are known, `answered` and `release` at its end. It stands before the predictor and knows nothing of batches.
 */
export class Admission {
  readonly #maxItems: number;
  readonly #now: () => number;
  readonly #rate = new AnswerRate();
  readonly #shares: FairShares;
  #items = 0;

  /**
   * @param maxItems most items accepted and not yet answered
   * @param now a monotonic clock in milliseconds
   */
  constructor(maxItems: number, now = () => performance.now()) {
    this.#maxItems = maxItems;
    this.#now = now;
    this.#shares = new FairShares(maxItems, now);
  }

  /** Items accepted and not yet answered. */
  get held(): number {
    return this.#items;
  }

  /**
   * Refuses a request whose body need not be read, since the queue is full or its client has used up its share.
   *
   * @param client as for {@link admit}
   * @throws Overloaded
   */
  checkRoom(client?: string): void {
    this.#checkRoom(1, client);
  }

  /**
   * Accepts a request.
   *
   * @param client name of the client, which gets a fair share; without one, only the whole queue bounds it
   * @throws Overloaded if there is no room for it now
   */
  admit(items = 1, client?: string): Slot {
    this.#takeItems(items, client);
    let mine = items;
    let released = false;
    return {
      resize: (wanted) => {
        if (released) return;
        if (wanted > this.#maxItems) throw new TooManyItems(wanted, this.#maxItems);
        this.#takeItems(wanted - mine, client, mine);
        mine = wanted;
      },
      release: () => {
        if (released) return;
        released = true;
        this.#addItems(-mine, client);
      },
    };
  }

  /** Records that items were answered; `Retry-After` is estimated from their rate. */
  answered(items = 1): void {
    this.#rate.answered(items, this.#now());
  }

  /** Seconds until this share (0 to 1) of the accepted items is likely to be answered, within the bounds. */
  retryAfterSeconds(share: number): number {
    return this.#retryAfterSeconds(Math.ceil(Math.min(1, share) * this.#items));
  }

  #takeItems(items: number, client?: string, ofRequest = 0): void {
    this.#checkRoom(items, client, ofRequest);
    this.#addItems(items, client);
  }

  #checkRoom(items: number, client?: string, ofRequest = 0): void {
    if (items <= 0) return;
    const overQueue = this.#items + items - this.#maxItems;
    const overShare = client === undefined ? 0 : this.#shares.excess(client, items, ofRequest);
    const excess = Math.max(overQueue, overShare);
    if (excess <= 0) return;
    if (client !== undefined) this.#shares.refused(client);
    const seconds = this.#retryAfterSeconds(Math.min(this.#items, excess));
    throw new Overloaded(overQueue > 0 ? 'queue' : 'share', seconds);
  }

  #addItems(items: number, client?: string): void {
    this.#items += items;
    if (client !== undefined) this.#shares.add(client, items);
    // Less than half full, answers come at the rate of the requests, which says nothing about how fast they could come.
    this.#rate.setBusy(this.#items * 2 >= this.#maxItems, this.#now());
  }

  /** Seconds until so many items are likely to be answered. */
  #retryAfterSeconds(items: number): number {
    const seconds = Math.ceil(this.#rate.waitMs(items, this.#now()) / 1000);
    return Math.min(RETRY_AFTER.max, Math.max(RETRY_AFTER.min, seconds));
  }
}
