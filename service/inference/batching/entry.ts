import type { Stage } from '../observer.ts';

export interface EntryOptions<Item, Output> {
  /** A monotonic clock in milliseconds. */
  readonly now: () => number;
  /** Rejects the entry with its reason. */
  readonly signal: AbortSignal;
  /** Called when a wait or a run of the entry ends, before the entry settles. */
  readonly report: (stage: Stage) => void;
  /** Called when the signal aborts, before the entry settles. */
  readonly onAbort: (entry: Entry<Item, Output>) => void;
}

/**
 * One item in the batcher: a promise of its output that settles exactly once (an output, a failure or an abort,
 * whichever comes first), and the clock of its stages. It alternates between `queue` and `inference`, once for each
 * run that it is part of, and reports each stage as it ends. The batcher creates an entry for every submitted item,
 * calls `begin` before a run, and then `resolve`, `requeue` or `reject`; the request's AbortSignal may reject the
 * entry at any time.
 */
export class Entry<Item, Output> {
  readonly item: Item;
  /** Tokens to which the item is padded. */
  readonly length: number;
  readonly answer: Promise<Output>;
  readonly #now: () => number;
  readonly #report: (stage: Stage) => void;
  #stage: 'queue' | 'inference' = 'queue';
  #stageStartMs: number;
  /** Items of the latest run. */
  #runItems = 0;
  #isSettled = false;
  readonly #removeListener: () => void = () => undefined;
  #resolve: (output: Output) => void = () => undefined;
  #reject: (reason: unknown) => void = () => undefined;

  constructor(
    { item, length }: { readonly item: Item; readonly length: number },
    { now, signal, report, onAbort }: EntryOptions<Item, Output>,
  ) {
    this.item = item;
    this.length = length;
    this.#now = now;
    this.#report = report;
    this.#stageStartMs = now();
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (signal.aborted) {
      // It never entered the queue, so there is no wait to report.
      this.#isSettled = true;
      this.#reject(signal.reason);
      return;
    }
    const abort = (): void => {
      onAbort(this);
      this.reject(signal.reason);
    };
    this.#removeListener = (): void => {
      signal.removeEventListener('abort', abort);
    };
    signal.addEventListener('abort', abort);
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** A run of so many items, which include this one, starts. */
  begin(items: number): void {
    if (this.#isSettled) return;
    this.#runItems = items;
    this.#enter('inference');
  }

  /** The run failed; the item waits for another one. */
  requeue(): void {
    if (!this.#isSettled) this.#enter('queue', true);
  }

  /** The run succeeded. */
  resolve(output: Output): void {
    if (!this.#settle()) return;
    this.#enter('queue');
    this.#resolve(output);
  }

  /** The item will not be computed (again). */
  reject(reason: unknown): void {
    if (!this.#settle()) return;
    this.#enter(this.#stage, true);
    this.#reject(reason);
  }

  /** Reports the current stage as ended and starts the next one. */
  #enter(next: 'queue' | 'inference', failed = false): void {
    const endMs = this.#now();
    this.#report({
      name: this.#stage,
      startMs: this.#stageStartMs,
      endMs,
      ...(this.#stage === 'inference' ? { items: this.#runItems } : {}),
      ...(failed ? { failed } : {}),
    });
    this.#stage = next;
    this.#stageStartMs = endMs;
  }

  #settle(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    this.#removeListener();
    return true;
  }
}
