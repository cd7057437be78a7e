import { describe, expect, it } from 'vitest';
import { EngineUnavailable } from '../../../../service/inference/errors.ts';
import { setup, type Setup } from './batcher-setup.ts';
import type { FakeEngine, FakeRun } from '../fake-engine.ts';

describe('several engines', () => {
  it('take what is waiting as soon as one of them is free', async () => {
    const { engines, batcher, submit } = setup({ count: 2, maxBatch: 2 });
    const [first, second] = await takeOneEach(engines, submit);
    for (const item of [3, 4, 5]) void submit([item]);
    expect([batcher.inFlight, batcher.waiting]).toEqual([2, 3]);
    second.finish();
    const third = await engines[1]?.nextRun();
    expect(third?.items).toEqual([3, 4]);
    first.finish();
    expect((await engines[0]?.nextRun())?.items).toEqual([5]);
  });

  it.each([
    [
      [1, 2, 3, 4],
      [2, 2],
    ],
    [
      [1, 2, 3, 4, 5],
      [3, 2],
    ],
  ])("share one request's items (%j)", async (items, shares) => {
    const { engines, submit } = setup({ count: 2, maxBatch: 8 });
    void submit(items);
    const runs = await Promise.all(engines.map((engine) => engine.nextRun()));
    expect(runs.map((run) => run.items.length)).toEqual(shares);
  });

  it('take the next item in order of least time computed', async () => {
    let now = 0;
    const { engines, submit } = setup({ count: 2, now: () => now });
    void submit([1]);
    const first = await runOf(engines[0]);
    now = 100;
    void submit([2]);
    const second = await runOf(engines[1]);
    now = 110;
    second.finish();
    await turn();
    now = 130;
    first.finish();
    await turn();
    void submit([3]);
    expect((await engines[1]?.nextRun())?.items).toEqual([3]);
  });

  it('go on without one that is not ready', async () => {
    const { engines, submit } = setup({ count: 2 });
    engines[0]?.setReady(false);
    void submit([1, 2]);
    const run = await engines[1]?.nextRun();
    expect(run?.items).toEqual([1, 2]);
  });

  it('retry the batch of a failed engine on another one, ahead of the queue', async () => {
    const { engines, batcher, submit } = setup({ count: 2 });
    const [first, second] = await takeOneEach(engines, submit);
    const [waiting] = submit([3]);
    engines[0]?.setReady(false);
    first.fail();
    await turn();
    expect(batcher.waiting).toBe(2);
    second.finish();
    const retry = await engines[1]?.nextRun();
    expect(retry?.items).toEqual([1]);
    retry?.finish();
    (await engines[1]?.nextRun())?.finish();
    await expect(waiting).resolves.toBe('answer 3');
  });

  it('lose at most two of them to an item that crashes engines', async () => {
    const { engines, submit } = setup({ count: 4, maxBatch: 4 });
    // The others become ready when the first one has taken the whole batch.
    for (const engine of engines.slice(1)) engine.setReady(false);
    for (const engine of engines) {
      engine.behave((items) => {
        for (const other of engines) other.setReady(true);
        return !items.includes(3);
      });
    }
    const settled = await Promise.allSettled(submit([1, 2, 3, 4]));
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(engines.map(({ failures }) => failures).filter((count) => count > 0)).toEqual([1, 3]);
  });

  it('take over the halves of one that ended for good while it isolated an item', async () => {
    const { engines, submit } = setup({ count: 2, maxBatch: 4 });
    const [healthy, dying] = engines;
    healthy?.setReady(false);
    const answers = submit([1, 2, 3, 4]);
    (await dying?.nextRun())?.fail();
    const second = await dying?.nextRun();
    dying?.endForGood();
    second?.fail();
    healthy?.setReady(true);
    for (const half of [
      [1, 2],
      [3, 4],
    ]) {
      const run = await healthy?.nextRun();
      expect(run?.items).toEqual(half);
      run?.finish();
    }
    await expect(Promise.all(answers)).resolves.toHaveLength(4);
  });

  it('take over the batch of one that ended for good', async () => {
    const { engines, submit } = setup({ count: 2 });
    const [first, second, answers] = await takeOneEach(engines, submit);
    engines[0]?.endForGood();
    first.fail();
    second.finish();
    (await engines[1]?.nextRun())?.finish();
    await expect(Promise.all(answers)).resolves.toEqual(['answer 1', 'answer 2']);
    const [more] = submit([3]);
    (await engines[1]?.nextRun())?.finish();
    await expect(more).resolves.toBe('answer 3');
  });

  it('reject what is waiting once all have ended for good', async () => {
    const { engines, submit } = setup({ count: 2 });
    const [first, second, answers] = await takeOneEach(engines, submit);
    for (const engine of engines) engine.endForGood();
    first.fail();
    second.fail();
    for (const answer of answers) await expect(answer).rejects.toBeInstanceOf(EngineUnavailable);
    await expect(submit([3])[0]).rejects.toBeInstanceOf(EngineUnavailable);
  });
});

/** Gives each of two engines an item: 1 and 2. */
async function takeOneEach(
  engines: readonly FakeEngine[],
  submit: Setup['submit'],
): Promise<[FakeRun, FakeRun, Promise<string>[]]> {
  const answers = submit([1]);
  const first = await runOf(engines[0]);
  answers.push(...submit([2]));
  return [first, await runOf(engines[1]), answers];
}

function runOf(engine: FakeEngine | undefined): Promise<FakeRun> {
  return engine?.nextRun() ?? expect.fail('this needs two engines');
}

/** Waits for one turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
