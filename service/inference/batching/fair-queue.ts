/** One request's waiting items of one length. */
interface Flow<T> {
  /** When the flow's turn came up for the last time: a counter, not a clock. */
  turn: number;
  readonly items: T[];
}

/**
 * Waiting items by length, each length a round robin of requests: a request's first item waits behind what came
 * before it, its second behind everybody's first. So many items of one request cannot starve others, and single
 * items leave in the order in which they came. The length whose next request has waited longest goes first.
 */
export class FairQueue<T> {
  readonly #lengths = new Map<number, Flow<T>[]>();
  #turns = 0;
  #size = 0;

  /** Items that wait. */
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

  /** Removes an item before its turn. @returns whether it was there */
  remove(length: number, item: T): boolean {
    const flows = this.#lengths.get(length) ?? [];
    for (const [index, flow] of flows.entries()) {
      const at = flow.items.indexOf(item);
      if (at < 0) continue;
      flow.items.splice(at, 1);
      if (flow.items.length === 0) flows.splice(index, 1);
      this.#forgetEmpty(length, flows);
      this.#size--;
      return true;
    }
    return false;
  }

  /**
   * Takes the next batch.
   *
   * @param most how many of a length's waiting items to take at most
   * @param isRipe whether a length with these waiting items may go now @default always
   * @returns items of one length; undefined when nothing waits or is ripe
   */
  take(
    most: (waiting: number) => number,
    isRipe: (items: readonly T[]) => boolean = () => true,
  ): { length: number; items: T[] } | undefined {
    let next: { length: number; flows: Flow<T>[]; turn: number } | undefined;
    for (const [length, flows] of this.#lengths) {
      const turn = flows[0]?.turn ?? Infinity;
      if (next !== undefined && turn > next.turn) continue;
      if (isRipe(flows.flatMap((flow) => flow.items))) next = { length, flows, turn };
    }
    if (next === undefined) return undefined;
    const max = most(next.flows.reduce((sum, flow) => sum + flow.items.length, 0));
    const items: T[] = [];
    while (items.length < max) {
      const flow = next.flows.shift();
      const item = flow?.items.shift();
      if (flow === undefined || item === undefined) break;
      items.push(item);
      if (flow.items.length > 0) {
        flow.turn = this.#turns++;
        next.flows.push(flow);
      }
    }
    this.#forgetEmpty(next.length, next.flows);
    this.#size -= items.length;
    return { length: next.length, items };
  }

  /** Everything that waits, in no particular order. */
  *[Symbol.iterator](): Iterator<T> {
    for (const flows of this.#lengths.values()) {
      for (const flow of flows) yield* flow.items;
    }
  }

  #forgetEmpty(length: number, flows: readonly Flow<T>[]): void {
    if (flows.length === 0) this.#lengths.delete(length);
  }
}
