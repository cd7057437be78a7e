import { EngineUnavailable } from './errors.ts';
import { FairQueue } from './fair-queue.ts';
import { runWithRecovery } from './recovery.ts';

/** What a batcher asks of the engine. */
export interface BatchEngine<Item, Output> {
  /** Fulfils when a batch can be run; rejects when none ever will. */
  whenReady(): Promise<void>;
  /** Computes items of one length; outputs in their order. Rejects when the engine failed. */
  run(items: readonly Item[], length: number): Promise<readonly Output[]>;
}

export interface BatcherOptions<Item, Output> {
  readonly engine: BatchEngine<Item, Output>;
  /** Most items in one run. */
  readonly maxBatch: number;
  /** How long an incomplete batch waits for company, in milliseconds. */
  readonly delayMs: number;
  /** A monotonic clock in milliseconds. @default performance.now */
  readonly now?: () => number;
}

/** An item's way through the batcher: told to whoever measures, never needed for the answer. */
export interface ItemTimes {
  /** When it was submitted, when it last left the queue for the engine, and when its answer came. */
  readonly queuedMs: number;
  readonly startedMs: number;
  readonly endedMs: number;
}

interface Entry<Item, Output> {
  readonly item: Item;
  readonly length: number;
  readonly queuedMs: number;
  startedMs: number;
  settled: boolean;
  readonly resolve: (answer: { output: Output; times: ItemTimes }) => void;
  readonly reject: (reason: unknown) => void;
  readonly forget: () => void;
}

/**
 * The queue in front of the engine, with one owner. Whenever the engine is free it takes what waits: items of one
 * length, at most `maxBatch`. An item whose signal aborts leaves at once, wherever it is. Each item settles once.
 */
export class Batcher<Item, Output> {
  readonly #options: BatcherOptions<Item, Output>;
  readonly #now: () => number;
  readonly #queue = new FairQueue<Entry<Item, Output>>();
  #running: readonly Entry<Item, Output>[] = [];
  #busy = false;
  #delay: NodeJS.Timeout | undefined;

  constructor(options: BatcherOptions<Item, Output>) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Items that wait. */
  get waiting(): number {
    return this.#queue.size;
  }

  /** Items that the engine computes and that somebody waits for. */
  get inFlight(): number {
    return this.#running.filter((entry) => !entry.settled).length;
  }

  /**
   * Queues the items of one request.
   *
   * @param items each with the length to which it is padded
   * @param signal aborts them all; its reason is what they reject with
   * @returns a promise for each item: its output, or EngineUnavailable, or the signal's reason
   */
  submit(
    items: readonly { readonly item: Item; readonly length: number }[],
    signal: AbortSignal,
  ): Promise<{ output: Output; times: ItemTimes }>[] {
    const byLength = new Map<number, Entry<Item, Output>[]>();
    const promises = items.map(({ item, length }) => {
      return new Promise<{ output: Output; times: ItemTimes }>((resolve, reject) => {
        if (signal.aborted) {
          reject(signal.reason as Error);
          return;
        }
        const entry = this.#makeEntry(item, length, signal, resolve, reject);
        byLength.set(length, [...(byLength.get(length) ?? []), entry]);
      });
    });
    for (const [length, entries] of byLength) this.#queue.add(length, entries);
    this.#pump();
    return promises;
  }

  #makeEntry(
    item: Item,
    length: number,
    signal: AbortSignal,
    resolve: Entry<Item, Output>['resolve'],
    reject: Entry<Item, Output>['reject'],
  ): Entry<Item, Output> {
    const abort = (): void => {
      this.#queue.remove(length, entry);
      this.#settle(entry, () => {
        reject(signal.reason);
      });
    };
    const queuedMs = this.#now();
    const entry: Entry<Item, Output> = {
      item,
      length,
      queuedMs,
      startedMs: queuedMs,
      settled: false,
      resolve,
      reject,
      forget: () => {
        signal.removeEventListener('abort', abort);
      },
    };
    signal.addEventListener('abort', abort);
    return entry;
  }

  #settle(entry: Entry<Item, Output>, deliver: () => void): void {
    if (entry.settled) return;
    entry.settled = true;
    entry.forget();
    deliver();
  }

  /** Starts the next batch if the engine is free and one is ripe. */
  #pump(): void {
    if (this.#busy || this.#queue.size === 0) return;
    this.#busy = true;
    clearTimeout(this.#delay);
    void this.#runNext().finally(() => {
      this.#busy = false;
      this.#running = [];
      if (this.#delay === undefined) this.#pump();
    });
  }

  async #runNext(): Promise<void> {
    this.#delay = undefined;
    const { engine, maxBatch } = this.#options;
    try {
      // The batch is formed after this wait, not before: meanwhile more may come and some may leave.
      await engine.whenReady();
    } catch (cause) {
      this.#failAll(cause);
      return;
    }
    const batch = this.#queue.take(maxBatch, (entries) => this.#isRipe(entries));
    if (batch === undefined) {
      this.#waitForCompany();
      return;
    }
    this.#running = batch.items;
    await runWithRecovery(
      batch.items,
      {
        whenReady: () => engine.whenReady(),
        run: (entries) => this.#run(entries, batch.length),
      },
      (entry) => !entry.settled,
      (entry, outcome) => {
        this.#settle(entry, () => {
          if (!outcome.ok) entry.reject(outcome.error);
          else entry.resolve({ output: outcome.output, times: this.#times(entry) });
        });
      },
    );
  }

  #run(entries: readonly Entry<Item, Output>[], length: number): Promise<readonly Output[]> {
    const startedMs = this.#now();
    for (const entry of entries) entry.startedMs = startedMs;
    return this.#options.engine.run(
      entries.map((entry) => entry.item),
      length,
    );
  }

  #times(entry: Entry<Item, Output>): ItemTimes {
    return { queuedMs: entry.queuedMs, startedMs: entry.startedMs, endedMs: this.#now() };
  }

  #isRipe(entries: readonly Entry<Item, Output>[]): boolean {
    if (this.#options.delayMs === 0 || entries.length >= this.#options.maxBatch) return true;
    return this.#now() >= this.#ripeAt(entries);
  }

  #ripeAt(entries: Iterable<Entry<Item, Output>>): number {
    let oldest = Infinity;
    for (const entry of entries) oldest = Math.min(oldest, entry.queuedMs);
    return oldest + this.#options.delayMs;
  }

  #waitForCompany(): void {
    if (this.#queue.size === 0) return;
    const ms = Math.max(1, Math.ceil(this.#ripeAt(this.#queue) - this.#now()));
    this.#delay = setTimeout(() => {
      this.#delay = undefined;
      this.#pump();
    }, ms);
  }

  #failAll(cause: unknown): void {
    const error = new EngineUnavailable('No engine is left to compute this item.', { cause });
    for (const entry of [...this.#queue]) {
      this.#queue.remove(entry.length, entry);
      this.#settle(entry, () => {
        entry.reject(error);
      });
    }
  }
}
