import { EngineUnavailable } from '../errors.ts';
import type { Stage } from '../observer.ts';
import { Entry } from './entry.ts';
import { FairQueue } from './fair-queue.ts';

/** An engine as the batcher uses it. */
export interface BatchEngine<Item, Output> {
  /** Whether `whenReady` would fulfil at once. */
  readonly isReady: boolean;
  /** Fulfils when a batch can be run; rejects if none ever can be. */
  whenReady(): Promise<void>;
  /** Computes items of one length; outputs in the same order. Rejects if the engine failed. */
  run(items: readonly Item[], length: number): Promise<readonly Output[]>;
}

/** Decides which items are not run because engines failed on them. */
export interface Quarantine<Item> {
  /** @returns the error to answer with if the item must not be run; undefined if it may be */
  refuse(item: Item): Error | undefined;
  /**
   * Records that an item failed in a run of its own.
   *
   * @param failures the errors of all runs that the item was part of
   * @returns the error to answer with; undefined if the item is not to blame
   */
  blame(item: Item, failures: readonly unknown[]): Error | undefined;
}

export interface BatcherOptions<Item, Output> {
  /** At least one; each computes one batch at a time. */
  readonly engines: readonly BatchEngine<Item, Output>[];
  /** Most items in one run. */
  readonly maxBatch: number;
  /** @default every item is run */
  readonly quarantine?: Quarantine<Item>;
  /** A monotonic clock in milliseconds. @default performance.now */
  readonly now?: () => number;
}

interface Batch<Item, Output> {
  readonly entries: readonly Entry<Item, Output>[];
  readonly length: number;
  /** The errors of all runs that the entries were part of. */
  readonly failures: readonly unknown[];
}

/** An engine and its work. */
interface Lane<Item, Output> {
  readonly engine: BatchEngine<Item, Output>;
  /** Whether it is waiting for its engine or computing. */
  isBusy: boolean;
  running: readonly Entry<Item, Output>[];
  /** Parts of a batch that failed twice, to be run next, on this engine alone. */
  halves: Batch<Item, Output>[];
  /** Total time spent computing. */
  workedMs: number;
  /** Set once the engine will never be ready again. */
  gone: { readonly cause: unknown } | undefined;
}

/**
 * Turns the items of concurrent requests into batches for the engines. The predictor submits a request's items; each
 * becomes an {@link Entry} in the {@link FairQueue}. Whenever an engine is free it takes what is waiting: items of
 * one length, at most `maxBatch`, shared evenly among the free engines; the engine that has computed least goes
 * first. No batch is held back to fill up. An item whose signal aborts leaves at once, wherever it is.
 *
 * Recovery: a batch whose run fails is retried once as a whole, ahead of the queue, by whichever engine is ready
 * first. If it fails again it is halved, and its halves are halved again, so that an item that crashes engines ends
 * up alone; this happens on one engine and its replacements, so that such an item costs no other engines. An item
 * that fails alone is reported to the {@link Quarantine}, which is asked about every item before it is run.
 */
export class Batcher<Item, Output> {
  readonly #maxBatch: number;
  readonly #quarantine: Quarantine<Item> | undefined;
  readonly #now: () => number;
  readonly #queue = new FairQueue<Entry<Item, Output>>();
  readonly #lanes: readonly Lane<Item, Output>[];
  /** Batches to be run again before anything from the queue, on any engine. */
  readonly #retries: Batch<Item, Output>[] = [];

  constructor({ engines, maxBatch, quarantine, now = () => performance.now() }: BatcherOptions<Item, Output>) {
    this.#maxBatch = maxBatch;
    this.#quarantine = quarantine;
    this.#now = now;
    this.#lanes = engines.map((engine) => {
      return { engine, isBusy: false, running: [], halves: [], workedMs: 0, gone: undefined };
    });
  }

  /** Number of items that wait for a run. */
  get waiting(): number {
    const batches = [...this.#retries, ...this.#lanes.flatMap(({ halves }) => halves)];
    return this.#queue.size + countUnsettled(batches.flatMap(({ entries }) => entries));
  }

  /** Number of items that are being computed, without those that were aborted meanwhile. */
  get inFlight(): number {
    return countUnsettled(this.#lanes.flatMap(({ running }) => running));
  }

  /**
   * Queues the items of one request.
   *
   * @param items each with the length to which it is padded
   * @param signal aborts them all; they reject with its reason
   * @param report called when a wait or a run of an item ends, before the item settles
   * @returns a promise for each item: its output, or EngineUnavailable, or the signal's reason
   */
  submit(
    items: readonly { readonly item: Item; readonly length: number }[],
    signal: AbortSignal,
    report: (stage: Stage) => void = () => undefined,
  ): Promise<Output>[] {
    const onAbort = (entry: Entry<Item, Output>): void => {
      this.#queue.remove(entry.length, entry);
    };
    const options = { now: this.#now, signal, report, onAbort };
    const entries = items.map((item) => new Entry<Item, Output>(item, options));
    const byLength = new Map<number, Entry<Item, Output>[]>();
    for (const entry of this.#wantedOf(entries)) {
      byLength.set(entry.length, [...(byLength.get(entry.length) ?? []), entry]);
    }
    for (const [length, group] of byLength) this.#queue.add(length, group);
    this.#dispatch();
    return entries.map(({ answer }) => answer);
  }

  /** Puts every free engine to work. */
  #dispatch(): void {
    if (this.#queue.size === 0 && this.#retries.length === 0) return;
    const [first] = this.#lanes;
    if (first?.gone !== undefined && this.#lanes.every(({ gone }) => gone !== undefined)) {
      this.#rejectAll(first.gone.cause);
      return;
    }
    const free = this.#lanes.filter(({ isBusy, gone }) => !isBusy && gone === undefined);
    for (const lane of free.sort((a, b) => a.workedMs - b.workedMs)) {
      lane.isBusy = true;
      void this.#work(lane).finally(() => {
        lane.isBusy = false;
        this.#dispatch();
      });
    }
  }

  /** Runs one batch on a free engine, and all parts that it is split into. */
  async #work(lane: Lane<Item, Output>): Promise<void> {
    do {
      try {
        // The batch is formed after this wait, so that it includes what arrives and leaves out what aborts meanwhile.
        await lane.engine.whenReady();
      } catch (cause) {
        lane.gone = { cause };
        this.#retries.push(...lane.halves.splice(0));
        return;
      }
      const batch = lane.halves.shift() ?? this.#retries.shift() ?? this.#takeFromQueue();
      if (batch !== undefined) await this.#run(lane, batch);
    } while (lane.halves.length > 0);
  }

  #takeFromQueue(): Batch<Item, Output> | undefined {
    const isFree = ({ engine, running, halves }: Lane<Item, Output>): boolean =>
      running.length + halves.length === 0 && engine.isReady;
    const free = this.#lanes.filter(isFree).length;
    const batch = this.#queue.take((waiting) => Math.min(this.#maxBatch, Math.ceil(waiting / Math.max(1, free))));
    return batch && { entries: batch.items, length: batch.length, failures: [] };
  }

  async #run(lane: Lane<Item, Output>, batch: Batch<Item, Output>): Promise<void> {
    const entries = this.#wantedOf(batch.entries);
    if (entries.length === 0) return;
    lane.running = entries;
    const startMs = this.#now();
    for (const entry of entries) entry.begin(entries.length);
    let outputs: readonly Output[];
    try {
      const items = entries.map(({ item }) => item);
      outputs = await lane.engine.run(items, batch.length);
    } catch (error) {
      this.#recover(lane, { ...batch, entries }, error);
      return;
    } finally {
      lane.running = [];
      lane.workedMs += this.#now() - startMs;
    }
    for (const [index, entry] of entries.entries()) {
      const output = outputs[index];
      if (output !== undefined) entry.resolve(output);
      else entry.reject(new EngineUnavailable('The engine gave no answer for this item.'));
    }
  }

  /** Decides what happens to a batch whose run failed. */
  #recover(lane: Lane<Item, Output>, { entries, ...batch }: Batch<Item, Output>, error: unknown): void {
    const failures = [...batch.failures, error];
    const [first, ...others] = entries;
    if (first !== undefined && others.length === 0 && failures.length > 1) {
      const blamed = this.#quarantine?.blame(first.item, failures);
      first.reject(blamed ?? new EngineUnavailable('The engine failed while computing this item.', { cause: error }));
      return;
    }
    for (const entry of entries) entry.requeue();
    if (failures.length === 1) {
      // Another engine may be ready before this one is replaced.
      this.#retries.push({ ...batch, entries, failures });
    } else {
      const middle = Math.ceil(entries.length / 2);
      const halves = [entries.slice(0, middle), entries.slice(middle)];
      lane.halves.unshift(...halves.map((half) => ({ ...batch, entries: half, failures })));
    }
  }

  /** Rejects the items that are in quarantine. @returns those that are still to be run */
  #wantedOf(entries: readonly Entry<Item, Output>[]): Entry<Item, Output>[] {
    const unsettled = entries.filter(({ isSettled }) => !isSettled);
    return unsettled.filter((entry) => {
      const refusal = this.#quarantine?.refuse(entry.item);
      if (refusal !== undefined) entry.reject(refusal);
      return refusal === undefined;
    });
  }

  #rejectAll(cause: unknown): void {
    const error = new EngineUnavailable('No engine is left to compute this item.', { cause });
    const retries = this.#retries.splice(0).flatMap(({ entries }) => entries);
    for (const entry of [...retries, ...this.#queue]) {
      this.#queue.remove(entry.length, entry);
      entry.reject(error);
    }
  }
}

function countUnsettled(entries: readonly { readonly isSettled: boolean }[]): number {
  return entries.filter(({ isSettled }) => !isSettled).length;
}
