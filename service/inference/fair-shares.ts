/** How long a client counts as active after it was refused: longer than most clients wait before a retry. */
const WAITING_MS = 10_000;

/** What a client holds of the queue, and when it was refused last. */
interface Client {
  items: number;
  refusedMs: number;
}

/**
 * Divides the queue among clients. A client is active while it holds items and for 10 s after it was refused. As long as
 * there is only one, it may fill the queue; if there are `n`, each may hold a share of `1/n` and is refused more, even if
 * there is room. A single request may exceed the share, so that large ones are not refused for ever. So one client that
 * fills the queue keeps another out only until its own items are answered.
 */
export class FairShares {
  readonly #maxItems: number;
  readonly #now: () => number;
  /** Active clients, and some that were until recently. */
  readonly #clients = new Map<string, Client>();

  constructor(maxItems: number, now: () => number) {
    this.#maxItems = maxItems;
    this.#now = now;
  }

  /**
   * Items by which a client would exceed its share if it took more; 0 if it may take them.
   *
   * @param items how many more one of its requests needs
   * @param ofRequest items that the request holds already
   */
  excess(name: string, items: number, ofRequest: number): number {
    this.#forgetInactive();
    const others = this.#clients.size - (this.#clients.has(name) ? 1 : 0);
    if (others === 0) return 0;
    const held = this.#clients.get(name)?.items ?? 0;
    if (held === ofRequest) return 0;
    const share = Math.max(1, Math.floor(this.#maxItems / (others + 1)));
    return Math.max(0, held + items - share);
  }

  /** Adds items to those of a client, or removes them if negative. */
  add(name: string, items: number): void {
    this.#client(name).items += items;
  }

  /** Records that a client was refused. */
  refused(name: string): void {
    this.#client(name).refusedMs = this.#now();
  }

  #client(name: string): Client {
    const client = this.#clients.get(name) ?? { items: 0, refusedMs: -Infinity };
    this.#clients.set(name, client);
    return client;
  }

  #forgetInactive(): void {
    const since = this.#now() - WAITING_MS;
    for (const [name, { items, refusedMs }] of this.#clients) {
      if (items === 0 && refusedMs < since) this.#clients.delete(name);
    }
  }
}
