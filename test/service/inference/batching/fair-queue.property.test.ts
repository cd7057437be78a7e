import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Batcher } from '../../../../service/inference/batching/batcher.ts';
import { ClientGone } from '../../../../service/inference/errors.ts';
import { FakeEngine } from '../fake-engine.ts';

const TICKS = 50;

const world = fc.record({
  requests: fc.array(
    fc.record({
      at: fc.nat(TICKS - 10),
      /** The length of each item: a request may have items of several. */
      lengths: fc.array(fc.constantFrom(12, 20, 28), { minLength: 1, maxLength: 10 }),
      abortAt: fc.option(fc.nat(TICKS), { nil: undefined }),
    }),
    { minLength: 2, maxLength: 20 },
  ),
  maxBatch: fc.integer({ min: 1, max: 6 }),
  engineCount: fc.integer({ min: 1, max: 3 }),
  runs: fc.array(fc.record({ ticks: fc.nat(4), well: fc.boolean() }), { maxLength: 20 }),
});

/** The waiting items of one request that share a length. */
interface Flow {
  readonly items: Set<number>;
  /** Flows that were waiting when it was added or last served. */
  ahead: number;
  /** Batches started since then without it. */
  passed: number;
}

/** Tracks the waiting flows and how often others are served first. */
class Account {
  readonly #flows = new Set<Flow>();
  /** The most by which a flow was passed over more often than there were flows ahead of it. */
  excess = 0;

  add(items: readonly number[]): void {
    this.#flows.add({ items: new Set(items), ahead: this.#flows.size, passed: 0 });
  }

  remove(item: number): boolean {
    for (const flow of this.#flows) {
      if (!flow.items.delete(item)) continue;
      if (flow.items.size === 0) this.#flows.delete(flow);
      return true;
    }
    return false;
  }

  /** Records the start of a batch. A retry, whose items are no longer waiting, is not counted. */
  begin(batch: readonly number[]): void {
    const served = new Set([...this.#flows].filter(({ items }) => batch.some((item) => items.has(item))));
    if (served.size === 0) return;
    for (const item of batch) this.remove(item);
    for (const flow of this.#flows) {
      if (served.has(flow)) {
        flow.passed = 0;
        flow.ahead = this.#flows.size - 1;
      } else {
        this.excess = Math.max(this.excess, ++flow.passed - flow.ahead);
      }
    }
  }
}

it('serves each waiting request after at most one batch of each request ahead of it', async () => {
  await fc.assert(
    fc.asyncProperty(world, async ({ requests, maxBatch, engineCount, runs }) => {
      const account = new Account();
      const script = [...runs];
      const engines = Array.from({ length: engineCount }, () => new FakeEngine());
      for (const engine of engines) {
        engine.behave(async (items) => {
          account.begin(items);
          const { ticks, well } = script.shift() ?? { ticks: 1, well: true };
          for (let tick = 0; tick < ticks; tick++) await turn();
          return well;
        });
      }
      const batcher = new Batcher<number, string>({ engines, maxBatch });
      const pending: Promise<unknown>[] = [];
      let count = 0;
      const sent = requests.map(({ at, lengths, abortAt }) => {
        const items = lengths.map((length) => ({ item: count++, length }));
        return { at, items, abortAt, controller: new AbortController() };
      });
      for (let tick = 0; tick <= TICKS; tick++) {
        for (const { at, items, abortAt, controller } of sent) {
          if (at === tick && !controller.signal.aborted) {
            for (const length of new Set(items.map((each) => each.length))) {
              account.add(items.filter((each) => each.length === length).map(({ item }) => item));
            }
            pending.push(Promise.allSettled(batcher.submit(items, controller.signal)));
          }
          if (abortAt === tick) {
            for (const { item } of items) account.remove(item);
            controller.abort(new ClientGone());
          }
        }
        await turn();
      }
      await Promise.all(pending);
      expect(account.excess).toBeLessThanOrEqual(0);
    }),
    { numRuns: 300 },
  );
});

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
