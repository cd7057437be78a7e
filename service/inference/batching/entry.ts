import type { Stage } from '../observer.ts';

export interface EntryOptions<Item, Output> {
  /** A monotonic clock in milliseconds. */
  readonly now: () => number;
  /** Settles the entry, with its reason. */
  readonly signal: AbortSignal;
  /** Hears of its waits and runs as they end, before it settles. */
  readonly tell: (stage: Stage) => void;
  /** Called before the signal settles it. */
  readonly leave: (entry: Entry<Item, Output>) => void;
}

/** An item in the batcher, for which somebody waits until it is settled: once, by whatever is first. */
export class Entry<Item, Output> {
  readonly item: Item;
  /** To which the item is padded. */
  readonly length: number;
  readonly answer: Promise<Output>;
  readonly #now: () => number;
  readonly #tell: (stage: Stage) => void;
  /** What the item goes through now, and since when. */
  #stage: 'queue' | 'inference' = 'queue';
  #sinceMs: number;
  #isSettled = false;
  #forget: () => void = () => undefined;
  #resolve: (output: Output) => void = () => undefined;
  #reject: (reason: unknown) => void = () => undefined;

  constructor(
    { item, length }: { readonly item: Item; readonly length: number },
    { now, signal, tell, leave }: EntryOptions<Item, Output>,
  ) {
    this.item = item;
    this.length = length;
    this.#now = now;
    this.#tell = tell;
    this.#sinceMs = now();
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (signal.aborted) {
      // It never came in: there is no wait to tell of.
      this.#isSettled = true;
      this.#reject(signal.reason);
      return;
    }
    const abort = (): void => {
      leave(this);
      this.giveUp(signal.reason);
    };
    this.#forget = (): void => {
      signal.removeEventListener('abort', abort);
    };
    signal.addEventListener('abort', abort);
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** Since when it has waited, or has been computed. */
  get sinceMs(): number {
    return this.#sinceMs;
  }

  /** An engine begins to compute it, perhaps not for the first time. */
  begin(): void {
    if (!this.#isSettled) this.#pass('inference');
  }

  /** The run failed: it waits again. */
  lose(): void {
    if (!this.#isSettled) this.#pass('queue', true);
  }

  resolve(output: Output): void {
    if (!this.#settle()) return;
    this.#pass('queue');
    this.#resolve(output);
  }

  /** Its runs failed for good. Of a run that was lost it has been told. */
  fail(error: unknown): void {
    if (!this.#settle()) return;
    if (this.#stage === 'inference') this.#pass('queue', true);
    this.#reject(error);
  }

  /** Nobody waits for it any more, or nothing will compute it. */
  giveUp(reason: unknown): void {
    if (!this.#settle()) return;
    this.#pass(this.#stage, true);
    this.#reject(reason);
  }

  /** Ends the stage that it is in, and begins the next one. */
  #pass(next: 'queue' | 'inference', failed = false): void {
    const endMs = this.#now();
    this.#tell({
      name: this.#stage,
      startMs: this.#sinceMs,
      endMs,
      ...(failed ? { failed } : {}),
    });
    this.#stage = next;
    this.#sinceMs = endMs;
  }

  #settle(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    this.#forget();
    return true;
  }
}

/** How many of the entries somebody waits for. */
export function unsettled(entries: readonly { readonly isSettled: boolean }[]): number {
  return entries.filter(({ isSettled }) => !isSettled).length;
}
