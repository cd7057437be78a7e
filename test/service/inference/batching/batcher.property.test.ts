import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Batcher } from '../../../../service/inference/batching/batcher.ts';
import { ClientGone, EngineUnavailable } from '../../../../service/inference/errors.ts';
import { FakeEngine } from '../fake-engine.ts';

const LENGTHS = [12, 20, 28];
/** Most ticks that a run takes. */
const MAX_RUN = 6;

/** A request: the tick of its arrival, its items and their length, and the tick at which it is aborted. */
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
  engineCount: fc.integer({ min: 1, max: 4 }),
  /** How many ticks each run takes and whether it succeeds, in order; later runs succeed. */
  runs: fc.array(fc.record({ ticks: fc.nat(MAX_RUN), well: fc.boolean() }), { maxLength: 30 }),
  /** When an engine becomes unready; it is ready again three ticks later. */
  away: fc.array(fc.record({ at: fc.integer({ min: 0, max: 60 }), engine: fc.nat(3) }), { maxLength: 4 }),
  /** When one of several engines ends for good. */
  endAt: fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined }),
});

interface Settlement {
  readonly item: number;
  readonly how: string;
}

it('settles each item exactly once, whatever arrives, aborts and fails', async () => {
  await fc.assert(
    fc.asyncProperty(world, async ({ arrivals, ...options }) => {
      const { settlements, batcher, engines, listeners, submitted } = await simulate(arrivals, options);
      // Each exactly once, with its own answer or a reason.
      expect(settlements.map(({ item }) => item).sort((a, b) => a - b)).toEqual(submitted);
      for (const { item, how } of settlements) {
        expect([`answer ${item}`, 'ClientGone', 'EngineUnavailable']).toContain(how);
      }
      // Nothing is left behind.
      expect([batcher.waiting, batcher.inFlight]).toEqual([0, 0]);
      expect(engines.map(({ running }) => running)).toEqual(engines.map(() => 0));
      expect(listeners()).toBe(0);
      for (const { mostRunning } of engines) expect(mostRunning).toBeLessThanOrEqual(1);
    }),
    { numRuns: 300 },
  );
});

it('starts single items of one length in order of arrival, on any number of engines', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.nat(MAX_RUN), { maxLength: 10 }),
      async (times, maxBatch, engineCount, ticks) => {
        const arrivals = times.sort((a, b) => a - b).map((at) => ({ at, items: [0], length: 12, abortAt: undefined }));
        const { started, submitted } = await simulate(arrivals, {
          maxBatch,
          engineCount,
          runs: ticks.map((count) => ({ ticks: count, well: true })),
          away: [],
          endAt: undefined,
        });
        expect(started).toEqual(submitted);
      },
    ),
    { numRuns: 150 },
  );
});

it('never leaves a ready engine idle while an item waits', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(arrival, { minLength: 5, maxLength: 25 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 4 }),
      async (arrivals, maxBatch, engineCount) => {
        const idle: number[] = [];
        await simulate(arrivals, {
          maxBatch,
          engineCount,
          runs: Array.from({ length: 60 }, (_, run) => ({ ticks: (run * 7) % 5, well: true })),
          away: [],
          endAt: undefined,
          onTick: (batcher, engines) => {
            if (batcher.waiting > 0) idle.push(engines.filter(({ running }) => running === 0).length);
          },
        });
        expect(idle.filter((count) => count > 0)).toEqual([]);
      },
    ),
    { numRuns: 100 },
  );
});

interface World {
  readonly maxBatch: number;
  readonly runs: readonly { ticks: number; well: boolean }[];
  readonly engineCount: number;
  readonly away: readonly { readonly at: number; readonly engine: number }[];
  /** When the last of several engines ends for good. */
  readonly endAt: number | undefined;
  /** Called between two ticks. */
  readonly onTick?: (batcher: Batcher<number, string>, engines: readonly FakeEngine[]) => void;
}

interface Played {
  readonly settlements: Settlement[];
  readonly submitted: number[];
  /** Items in the order in which engines began to compute them. */
  readonly started: number[];
  readonly batcher: Batcher<number, string>;
  readonly engines: readonly FakeEngine[];
  readonly listeners: () => number;
}

function makeEngines({ engineCount, runs }: World, started: number[]): FakeEngine[] {
  const script = [...runs];
  return Array.from({ length: engineCount }, () => {
    const engine = new FakeEngine();
    engine.behave(async (items) => {
      started.push(...items);
      const { ticks, well } = script.shift() ?? { ticks: 1, well: true };
      for (let tick = 0; tick < ticks; tick++) await turn();
      return well;
    });
    return engine;
  });
}

/** Makes engines ready and unready as the world says. */
function moveEngines(engines: readonly FakeEngine[], { away, endAt }: World, tick: number): void {
  for (const { at, engine } of away) {
    if (at === tick) engines[engine]?.setReady(false);
    if (at + 3 === tick) engines[engine]?.setReady(true);
  }
  if (endAt === tick && engines.length > 1) engines.at(-1)?.endForGood();
}

/** Runs a world tick by tick; a tick is a turn of the event loop, so that nothing depends on the clock. */
async function simulate(arrivals: readonly Arrival[], world: World): Promise<Played> {
  const { maxBatch } = world;
  const started: number[] = [];
  const engines = makeEngines(world, started);
  const batcher = new Batcher<number, string>({ engines, maxBatch });
  const settlements: Settlement[] = [];
  const submitted: number[] = [];
  const pending: Promise<void>[] = [];
  const controllers = arrivals.map(() => new CountingController());
  for (let tick = 0; tick <= 80; tick++) {
    moveEngines(engines, world, tick);
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
    world.onTick?.(batcher, engines);
  }
  for (const engine of engines) engine.setReady(true);
  await Promise.all(pending);
  // A run whose items were aborted goes on to its end, and the batcher's own work ends one turn after that.
  for (let tick = 0; tick <= MAX_RUN; tick++) await turn();
  const listeners = (): number => controllers.reduce((sum, { count }) => sum + count, 0);
  return { settlements, submitted, started, batcher, engines, listeners };
}

async function note(promise: Promise<string>, item: number, settlements: Settlement[]): Promise<void> {
  const how = await promise.catch((error: unknown) => {
    if (error instanceof ClientGone || error instanceof EngineUnavailable) return error.name;
    throw error;
  });
  settlements.push({ item, how });
}

/** Counts the listeners on its signal. */
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
