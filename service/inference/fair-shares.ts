/** How long a client counts as active after it was refused: longer than most clients wait before a retry. */
const WAITING_MS = 10_000;
/** Most active clients with a share of their own; any more have one share together. */
const MAX_CLIENTS = 10_000;
/** Name of the share of those clients; a client's own name is never empty. */
const OTHERS = '';

/** What a client holds of the queue, and when it was refused last. */
export interface Share {
  readonly name: string;
  items: number;
  refusedMs: number;
}

/**
 * Divides the queue among clients. A client is active while it holds items and for 10 s after it was refused. As long as
 * there is only one, it may fill the queue; if there are `n`, each may hold a share of `1/n` and is refused more, even if
 * there is room. A single request may exceed the share, so that large ones are not refused for ever. So one client that
 * fills the queue keeps another out only until its own items are answered.
 *
 * All methods take constant time, however many clients there are.
 */
export class FairShares {
  readonly #maxItems: number;
  readonly #now: () => number;
  readonly #maxClients: number;
  /** Exactly the active clients, apart from those whose time after a refusal has just passed. */
  readonly #active = new Map<string, Share>();
  /** Clients that were refused, in the order of their last refusal. */
  readonly #refused = new Set<Share>();

  constructor(maxItems: number, now: () => number, maxClients = MAX_CLIENTS) {
    this.#maxItems = maxItems;
    this.#now = now;
    this.#maxClients = maxClients;
  }

  /** The share of a client. Do not keep it while its client holds no items: it may have been replaced. */
  of(name: string): Share {
    this.#forgetInactive();
    const share = this.#active.get(name);
    if (share !== undefined) return share;
    const own = this.#active.size < this.#maxClients ? name : OTHERS;
    return this.#active.get(own) ?? { name: own, items: 0, refusedMs: -Infinity };
  }

  /**
   * Items by which a client would exceed its share if it took more; 0 if it may take them.
   *
   * @param items how many more one of its requests needs
   * @param ofRequest items that the request holds already
   */
  excess(share: Share, items: number, ofRequest: number): number {
    const others = this.#active.size - (this.#active.has(share.name) ? 1 : 0);
    if (others === 0 || share.items === ofRequest) return 0;
    return Math.max(0, share.items + items - Math.max(1, Math.floor(this.#maxItems / (others + 1))));
  }

  /** Adds items to those of a client, or removes them if negative. */
  add(share: Share, items: number): void {
    if (items === 0) return;
    share.items += items;
    if (share.items > 0) this.#active.set(share.name, share);
    else if (!this.#refused.has(share)) this.#active.delete(share.name);
  }

  /** Records that a client was refused. */
  refused(share: Share): void {
    share.refusedMs = this.#now();
    this.#active.set(share.name, share);
    this.#refused.delete(share);
    this.#refused.add(share);
  }

  #forgetInactive(): void {
    const since = this.#now() - WAITING_MS;
    for (const share of this.#refused) {
      if (share.refusedMs >= since) return;
      this.#refused.delete(share);
      if (share.items === 0) this.#active.delete(share.name);
    }
  }
}
