import { AnswerRate } from './answer-rate.ts';
import { Overloaded, TooManyItems } from './errors.ts';
import { FairShares, type Share } from './fair-shares.ts';
import { RetryTimes } from './retry-times.ts';

/** The slots of the queue that a request holds until it is answered: one for each of its items. */
export interface Slots {
  /**
   * Changes their number, once the items are known.
   *
   * @throws Overloaded if there is no room for them now, TooManyItems if there never will be; their number is unchanged
   */
  resize(items: number): void;
  /** Gives all of them back. Further calls do nothing. */
  release(): void;
}

/**
 * Bounds the work that the service has accepted: the number of items (not requests) from acceptance to answer. What
 * would exceed the bound is refused before any work is done, with a `Retry-After` estimated from the rate of recent
 * answers and the number of refused clients. It comes before the predictor and knows nothing about batches.
 */
export class Admission {
  readonly #maxItems: number;
  readonly #now: () => number;
  readonly #rate = new AnswerRate();
  readonly #shares: FairShares;
  readonly #retryTimes = new RetryTimes();
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
   * Why a request need not be read: the queue is full, or its client has used up its share.
   *
   * @param client as for {@link admit}
   * @returns undefined if there is room for a request of one item
   */
  refusal(client?: string): Overloaded | undefined {
    return this.#refusal(1, 0, client === undefined ? undefined : this.#shares.of(client));
  }

  /**
   * Accepts a request.
   *
   * @param client name of the client, which gets a fair share; without one, only the whole queue bounds it
   * @throws Overloaded if there is no room for it now
   */
  admit(items = 1, client?: string): Slots {
    let mine = 0;
    let share: Share | undefined;
    const take = (more: number): void => {
      // Looked up again when it holds nothing: it may have been forgotten since.
      if (mine === 0 && client !== undefined) share = this.#shares.of(client);
      const refusal = this.#refusal(more, mine, share);
      if (refusal !== undefined) throw refusal;
      this.#addItems(more, share);
      mine += more;
    };
    take(items);
    let released = false;
    return {
      resize: (wanted) => {
        if (released) return;
        if (wanted > this.#maxItems) throw new TooManyItems(wanted, this.#maxItems);
        take(wanted - mine);
      },
      release: () => {
        if (released) return;
        released = true;
        this.#addItems(-mine, share);
      },
    };
  }

  /** Records that items were answered; `Retry-After` is estimated from their rate. */
  answered(items = 1): void {
    this.#rate.answered(items, this.#now());
  }

  /** Seconds after which a request may be sent again that needs this share (0 to 1) of what is accepted answered. */
  retryAfterSeconds(share: number): number {
    return this.#retryAfterSeconds(Math.ceil(Math.min(1, share) * this.#items), 1);
  }

  #refusal(items: number, ofRequest: number, share: Share | undefined): Overloaded | undefined {
    if (items <= 0) return undefined;
    const overShare = share === undefined ? 0 : this.#shares.excess(share, items, ofRequest);
    const excess = Math.max(overShare, this.#items + items - this.#maxItems);
    if (excess <= 0) return undefined;
    if (share !== undefined) this.#shares.refused(share);
    const seconds = this.#retryAfterSeconds(Math.min(this.#items, excess), items);
    return new Overloaded(overShare > 0 ? 'share' : 'queue', seconds);
  }

  #addItems(items: number, share: Share | undefined): void {
    this.#items += items;
    if (share !== undefined) this.#shares.add(share, items);
    // Less than half full, answers come at the rate of the requests, which says nothing about how fast they could come.
    this.#rate.setBusy(this.#items * 2 >= this.#maxItems, this.#now());
  }

  /**
   * @param answers how many must be given before there is room for the request
   * @param items how many the request needs itself
   */
  #retryAfterSeconds(answers: number, items: number): number {
    const now = this.#now();
    // Before the first measurement, a second for the whole queue.
    const answerMs = this.#rate.answerMs ?? 1000 / Math.max(1, this.#maxItems);
    return this.#retryTimes.next(this.#rate.waitMs(answers, now), items * answerMs, now);
  }
}
