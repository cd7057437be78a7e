import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Batcher } from '../../service/inference/batcher.ts';
import { ClientGone, EngineUnavailable } from '../../service/inference/errors.ts';
import { FakeEngine } from './fake-engine.ts';

const LENGTHS = [12, 20, 28];

/** A request: when it comes, what it asks, and when its client or its deadline ends it. */
interface Arrival {
  readonly at: number;
  readonly items: readonly number[];
  readonly length: number;
  readonly abortAt: number | undefined;
}

const arrival: fc.Arbitrary<Arrival> = fc.record({
  at: fc.integer({ min: 0, max: 60 }),
  items: fc.array(fc.integer({ min: 0, max: 0 }), { minLength: 1, maxLength: 6 }),
  length: fc.constantFrom(...LENGTHS),
  abortAt: fc.option(fc.integer({ min: 0, max: 80 }), { nil: undefined }),
});

const world = fc.record({
  arrivals: fc.array(arrival, { minLength: 1, maxLength: 25 }),
  maxBatch: fc.integer({ min: 1, max: 8 }),
  delayMs: fc.constantFrom(0, 0, 1),
  /** How many ticks each run takes, and whether it fails, in order; then all go well. */
  runs: fc.array(fc.record({ ticks: fc.nat(6), well: fc.boolean() }), { maxLength: 30 }),
  /** Ticks at which the engine goes away, and comes back three ticks later. */
  away: fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 3 }),
});

interface Settlement {
  readonly item: number;
  readonly how: string;
}

it('settles each item exactly once, whatever comes, leaves and fails', async () => {
  await fc.assert(
    fc.asyncProperty(world, async ({ arrivals, maxBatch, delayMs, runs, away }) => {
      const { settlements, batcher, engine, listeners, submitted } = await simulate(arrivals, {
        maxBatch,
        delayMs,
        runs,
        away,
      });
      // Exactly once each, with its own answer or a reason that is its own.
      expect(settlements.map(({ item }) => item).sort((a, b) => a - b)).toEqual(submitted);
      for (const { item, how } of settlements) {
        expect([`answer ${item}`, 'ClientGone', 'EngineUnavailable']).toContain(how);
      }
      // Nothing is left behind.
      expect([batcher.waiting, batcher.inFlight, engine.running]).toEqual([0, 0, 0]);
      expect(listeners()).toBe(0);
      expect(engine.mostRunning).toBeLessThanOrEqual(1);
    }),
    { numRuns: 150 },
  );
});

it('answers single items of one length in the order in which they came', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 1, max: 8 }),
      async (times, maxBatch) => {
        const arrivals = times
          .sort((a, b) => a - b)
          .map((at) => ({ at, items: [0], length: 12, abortAt: undefined }));
        const { settlements, submitted } = await simulate(arrivals, {
          maxBatch,
          delayMs: 0,
          runs: Array.from({ length: 10 }, () => ({ ticks: 3, well: true })),
          away: [],
        });
        expect(settlements.map(({ item }) => item)).toEqual(submitted);
      },
    ),
    { numRuns: 100 },
  );
});

interface World {
  readonly maxBatch: number;
  readonly delayMs: number;
  readonly runs: readonly { ticks: number; well: boolean }[];
  readonly away: readonly number[];
}

/** Plays a world tick by tick; a tick is a turn of the event loop, so that nothing depends on the clock. */
async function simulate(
  arrivals: readonly Arrival[],
  { maxBatch, delayMs, runs, away }: World,
): Promise<{
  settlements: Settlement[];
  submitted: number[];
  batcher: Batcher<number, string>;
  engine: FakeEngine;
  listeners: () => number;
}> {
  const engine = new FakeEngine();
  const script = [...runs];
  engine.behave(async () => {
    const { ticks, well } = script.shift() ?? { ticks: 1, well: true };
    for (let tick = 0; tick < ticks; tick++) await turn();
    return well;
  });
  const batcher = new Batcher<number, string>({ engine, maxBatch, delayMs });
  const settlements: Settlement[] = [];
  const submitted: number[] = [];
  const pending: Promise<void>[] = [];
  const controllers = arrivals.map(() => new CountingController());
  for (let tick = 0; tick <= 80; tick++) {
    if (away.includes(tick)) engine.setReady(false);
    if (away.includes(tick - 3)) engine.setReady(true);
    for (const [index, { at, items, length, abortAt }] of arrivals.entries()) {
      const controller = controllers[index] ?? new CountingController();
      if (at === tick) {
        const ids = items.map(() => submitted.push(submitted.length) - 1);
        const promises = batcher.submit(
          ids.map((item) => ({ item, length })),
          controller.signal,
        );
        pending.push(...promises.map((promise, place) => note(promise, ids[place] ?? -1, settlements)));
      }
      if (abortAt === tick) controller.abort(new ClientGone());
    }
    await turn();
  }
  engine.setReady(true);
  await Promise.all(pending);
  // The batcher's own work ends a turn after the last answer.
  await turn();
  const listeners = (): number => controllers.reduce((sum, { count }) => sum + count, 0);
  return { settlements, submitted, batcher, engine, listeners };
}

async function note(
  promise: Promise<{ output: string }>,
  item: number,
  settlements: Settlement[],
): Promise<void> {
  const how = await promise.then(
    ({ output }) => output,
    (error: unknown) => {
      if (error instanceof ClientGone || error instanceof EngineUnavailable) return error.name;
      throw error;
    },
  );
  settlements.push({ item, how });
}

/** Counts the listeners that its signal still has. */
class CountingController extends AbortController {
  count = 0;

  constructor() {
    super();
    const { signal } = this;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>): void => {
      this.count++;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>): void => {
      this.count--;
      remove(...args);
    };
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
