/** The waiting items of one request that share a length. */
interface Flow<T> {
  /** Position in the round robin: a counter, set when the flow was added or last served. */
  turn: number;
  readonly items: T[];
}

/**
 * The batcher's queue. It groups waiting items by padded length, because a batch holds items of one length, and
 * serves the requests within a length round robin: the first item of a request waits behind whatever arrived before
 * it, the second behind everybody's first. A request with many items therefore cannot starve the others, and
 * single-item requests leave in order of arrival. The length whose next request has waited longest goes first. Only
 * the batcher calls it: `add` on submit, `remove` on abort, `take` when an engine is free.
 */
export class FairQueue<T> {
  readonly #lengths = new Map<number, Flow<T>[]>();
  #turns = 0;
  #size = 0;

  /** Number of waiting items. */
  get size(): number {
    return this.#size;
  }

  /** Adds one request's items of one length. */
  add(length: number, items: readonly T[]): void {
    if (items.length === 0) return;
    const flows = this.#lengths.get(length) ?? [];
    flows.push({ turn: this.#turns++, items: [...items] });
    this.#lengths.set(length, flows);
    this.#size += items.length;
  }

  /** Removes a waiting item. @returns whether it was there */
  remove(length: number, item: T): boolean {
    const flows = this.#lengths.get(length) ?? [];
    for (const [index, flow] of flows.entries()) {
      const at = flow.items.indexOf(item);
      if (at < 0) continue;
      flow.items.splice(at, 1);
      if (flow.items.length === 0) flows.splice(index, 1);
      this.#deleteIfEmpty(length, flows);
      this.#size--;
      return true;
    }
    return false;
  }

  /**
   * Takes the next batch.
   *
   * @param limit given how many items of the batch's length wait, the most to take
   * @returns items of one length; undefined when nothing waits
   */
  take(limit: (waiting: number) => number): { length: number; items: T[] } | undefined {
    let next: { length: number; flows: Flow<T>[]; turn: number } | undefined;
    for (const [length, flows] of this.#lengths) {
      const turn = flows[0]?.turn ?? Infinity;
      if (next === undefined || turn < next.turn) next = { length, flows, turn };
    }
    if (next === undefined) return undefined;
    const { length, flows } = next;
    const max = limit(flows.reduce((sum, flow) => sum + flow.items.length, 0));
    const items: T[] = [];
    while (items.length < max) {
      const flow = flows.shift();
      const item = flow?.items.shift();
      if (flow === undefined || item === undefined) break;
      items.push(item);
      if (flow.items.length > 0) {
        flow.turn = this.#turns++;
        flows.push(flow);
      }
    }
    this.#deleteIfEmpty(length, flows);
    this.#size -= items.length;
    return { length, items };
  }

  /** All waiting items, in no particular order. */
  *[Symbol.iterator](): Iterator<T> {
    for (const flows of this.#lengths.values()) {
      for (const flow of flows) yield* flow.items;
    }
  }

  #deleteIfEmpty(length: number, flows: readonly Flow<T>[]): void {
    if (flows.length === 0) this.#lengths.delete(length);
  }
}
