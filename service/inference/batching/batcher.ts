import { Entry, unsettled } from './entry.ts';
import { EngineUnavailable } from '../errors.ts';
import { FairQueue } from './fair-queue.ts';
import type { Stage } from '../observer.ts';
import { attempt, retryAndIsolate } from './recovery.ts';
import type { Outcome, RecoverableEngine } from './recovery.ts';

/** What a batcher asks of an engine. */
export interface BatchEngine<Item, Output> {
  /** Whether `whenReady` would fulfil at once. */
  readonly isReady: boolean;
  /** Fulfils when a batch can be run; rejects when none ever will. */
  whenReady(): Promise<void>;
  /** Computes items of one length; outputs in their order. Rejects when the engine failed. */
  run(items: readonly Item[], length: number): Promise<readonly Output[]>;
}

/** Knows items that engines failed on. */
export interface Quarantine<Item> {
  /** Why an item is not tried; undefined where it is. */
  refuse(item: Item): Error | undefined;
  /**
   * An item failed alone.
   *
   * @param failures why each run failed that it was in
   * @returns what to tell whoever waits; undefined where the item is not to blame
   */
  blame(item: Item, failures: readonly unknown[]): Error | undefined;
}

export interface BatcherOptions<Item, Output> {
  /** At least one; each computes one batch at a time. */
  readonly engines: readonly BatchEngine<Item, Output>[];
  /** Most items in one run. */
  readonly maxBatch: number;
  /** How long an incomplete batch waits for company, in milliseconds. */
  readonly delayMs: number;
  /** @default every item is tried, whatever it did before */
  readonly quarantine?: Quarantine<Item>;
  /** A monotonic clock in milliseconds. @default performance.now */
  readonly now?: () => number;
}

/** An engine and what it does. */
interface Lane<Item, Output> {
  readonly engine: BatchEngine<Item, Output>;
  /** Whether it waits for its engine or computes. */
  isBusy: boolean;
  running: readonly Entry<Item, Output>[];
  /** How long it has computed in all. */
  workedMs: number;
  /** Why its engine will never come again, in a box; undefined while it may. */
  gone: { readonly cause: unknown } | undefined;
}

/** A batch that failed once. */
interface Retry<Item, Output> {
  readonly items: readonly Entry<Item, Output>[];
  readonly length: number;
  /** Why. */
  readonly failures: readonly unknown[];
}

/**
 * The queue in front of the engines, with one owner. Whenever an engine is free it takes what waits: items of one
 * length, at most `maxBatch`; of several free ones, the one that has worked least goes first, and they share what
 * waits. An item whose signal aborts leaves at once, wherever it is. Each item settles once.
 */
export class Batcher<Item, Output> {
  readonly #options: BatcherOptions<Item, Output>;
  readonly #now: () => number;
  readonly #queue = new FairQueue<Entry<Item, Output>>();
  readonly #lanes: readonly Lane<Item, Output>[];
  /** They have waited longest, and go before the queue, on whichever engine is ready first. */
  readonly #retries: Retry<Item, Output>[] = [];
  #delay: NodeJS.Timeout | undefined;

  constructor(options: BatcherOptions<Item, Output>) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#lanes = options.engines.map((engine) => {
      return { engine, isBusy: false, running: [], workedMs: 0, gone: undefined };
    });
  }

  /** Items that wait. */
  get waiting(): number {
    return this.#queue.size + this.#retries.reduce((sum, { items }) => sum + unsettled(items), 0);
  }

  /** Items that the engines compute and that somebody waits for. */
  get inFlight(): number {
    return this.#lanes.reduce((sum, { running }) => sum + unsettled(running), 0);
  }

  /**
   * Queues the items of one request.
   *
   * @param items each with the length to which it is padded
   * @param signal aborts them all; its reason is what they reject with
   * @param tell hears of each item's waits and runs as they end, before the item settles
   * @returns a promise for each item: its output, or EngineUnavailable, or the signal's reason
   */
  submit(
    items: readonly { readonly item: Item; readonly length: number }[],
    signal: AbortSignal,
    tell: (stage: Stage) => void = () => undefined,
  ): Promise<Output>[] {
    const leave = (entry: Entry<Item, Output>): void => {
      this.#queue.remove(entry.length, entry);
    };
    const options = { now: this.#now, signal, tell, leave };
    const entries = items.map((item) => new Entry<Item, Output>(item, options));
    const byLength = new Map<number, Entry<Item, Output>[]>();
    for (const entry of entries.filter(this.#isWanted)) {
      byLength.set(entry.length, [...(byLength.get(entry.length) ?? []), entry]);
    }
    for (const [length, alike] of byLength) this.#queue.add(length, alike);
    this.#pump();
    return entries.map(({ answer }) => answer);
  }

  /** Sends every free engine for work. */
  #pump(): void {
    if (this.#queue.size === 0 && this.#retries.length === 0) return;
    const [first] = this.#lanes;
    if (first?.gone !== undefined && this.#lanes.every(({ gone }) => gone !== undefined)) {
      this.#failAll(first.gone.cause);
      return;
    }
    clearTimeout(this.#delay);
    this.#delay = undefined;
    const free = this.#lanes.filter(({ isBusy, gone }) => !isBusy && gone === undefined);
    for (const lane of free.sort((a, b) => a.workedMs - b.workedMs)) {
      lane.isBusy = true;
      void this.#work(lane).finally(() => {
        lane.isBusy = false;
        lane.running = [];
        // Company is waited for by what is new, not by what is tried again.
        if (this.#delay === undefined || this.#retries.length > 0) this.#pump();
      });
    }
  }

  /** Takes one batch for a free engine, if one is ripe. */
  async #work(lane: Lane<Item, Output>): Promise<void> {
    try {
      // The batch is formed after this wait, not before: meanwhile more may come and some may leave.
      await lane.engine.whenReady();
    } catch (cause) {
      lane.gone = { cause };
      return;
    }
    const retry = this.#retries.shift();
    if (retry !== undefined) {
      lane.running = retry.items;
      const engine = this.#on(lane, retry.length);
      const left = await retryAndIsolate(retry, engine, this.#isWanted, this.#finish);
      // Another engine may be there; where none is, they fail with the queue.
      if (left.length > 0) this.#retries.push({ ...retry, items: left });
      return;
    }
    const batch = this.#queue.take(
      (waiting) => this.#share(waiting),
      (entries) => this.#isRipe(entries),
    );
    if (batch === undefined) {
      this.#waitForCompany();
      return;
    }
    const items = batch.items.filter(this.#isWanted);
    if (items.length === 0) return;
    lane.running = items;
    const failed = await attempt(items, this.#on(lane, batch.length), this.#finish);
    // Before the engine is replaced another one may have answered.
    if (failed !== undefined) {
      this.#retries.push({ items, length: batch.length, failures: failed.final ? [] : [failed.error] });
    }
  }

  /** How many of so many waiting items one engine takes: they are shared among the free ones. */
  #share(waiting: number): number {
    const { maxBatch, delayMs } = this.#options;
    // Who sets a delay wants full batches.
    if (delayMs > 0) return maxBatch;
    const free = this.#lanes.filter(({ engine, running }) => running.length === 0 && engine.isReady).length;
    return Math.min(maxBatch, Math.ceil(waiting / Math.max(1, free)));
  }

  #on(lane: Lane<Item, Output>, length: number): RecoverableEngine<Entry<Item, Output>, Output> {
    return {
      whenReady: () => lane.engine.whenReady(),
      run: async (entries) => {
        const startedMs = this.#now();
        for (const entry of entries) entry.begin();
        try {
          return await lane.engine.run(
            entries.map((entry) => entry.item),
            length,
          );
        } catch (error) {
          for (const entry of entries) entry.lose();
          throw error;
        } finally {
          lane.workedMs += this.#now() - startedMs;
        }
      },
    };
  }

  readonly #finish = (entry: Entry<Item, Output>, outcome: Outcome<Output>): void => {
    if (outcome.ok) entry.resolve(outcome.output);
    else entry.fail(this.#blame(entry, outcome.failures) ?? outcome.error);
  };

  /** Whether to try an item: somebody waits, and it has not failed alone shortly before. */
  readonly #isWanted = (entry: Entry<Item, Output>): boolean => {
    const refusal = entry.isSettled ? undefined : this.#options.quarantine?.refuse(entry.item);
    if (refusal !== undefined) entry.giveUp(refusal);
    return !entry.isSettled;
  };

  #blame({ item }: Entry<Item, Output>, failures: readonly unknown[]): Error | undefined {
    return failures.length === 0 ? undefined : this.#options.quarantine?.blame(item, failures);
  }

  #isRipe(entries: readonly Entry<Item, Output>[]): boolean {
    if (this.#options.delayMs === 0 || entries.length >= this.#options.maxBatch) return true;
    return this.#now() >= this.#ripeAt(entries);
  }

  #ripeAt(entries: Iterable<Entry<Item, Output>>): number {
    let oldest = Infinity;
    for (const entry of entries) oldest = Math.min(oldest, entry.sinceMs);
    return oldest + this.#options.delayMs;
  }

  #waitForCompany(): void {
    if (this.#queue.size === 0 || this.#delay !== undefined) return;
    const ms = Math.max(1, Math.ceil(this.#ripeAt(this.#queue) - this.#now()));
    this.#delay = setTimeout(() => {
      this.#delay = undefined;
      this.#pump();
    }, ms);
  }

  #failAll(cause: unknown): void {
    const error = new EngineUnavailable('No engine is left to compute this item.', { cause });
    const retries = this.#retries.splice(0).flatMap(({ items }) => items);
    for (const entry of [...retries, ...this.#queue]) {
      this.#queue.remove(entry.length, entry);
      entry.giveUp(error);
    }
  }
}
