import { describe, expect, it } from 'vitest';
import { ClientGone, DeadlineExceeded, EngineUnavailable } from '../../../../service/inference/errors.ts';
import { LONG, setup, SHORT } from './batcher-setup.ts';

describe('forming a batch', () => {
  it('runs a lone item at once', async () => {
    const { engine, submit } = setup();
    const [answer] = submit([1]);
    (await engine.nextRun()).finish();
    await expect(answer).resolves.toBe('answer 1');
  });

  it('takes what arrived during a run when the engine is free, up to the limit', async () => {
    const { engine, batcher, submit } = setup();
    void submit([1]);
    const first = await engine.nextRun();
    for (const item of [2, 3, 4, 5, 6]) void submit([item]);
    expect([batcher.inFlight, batcher.waiting]).toEqual([1, 5]);
    first.finish();
    const second = await engine.nextRun();
    expect(second.items).toEqual([2, 3, 4, 5]);
    second.finish();
    expect((await engine.nextRun()).items).toEqual([6]);
  });

  it('never mixes lengths, and serves the length that has waited longest first', async () => {
    const { engine, submit } = setup();
    void submit([1]);
    const first = await engine.nextRun();
    void submit([2], { length: LONG });
    void submit([3], { length: SHORT });
    void submit([4], { length: LONG });
    first.finish();
    const second = await engine.nextRun();
    expect([second.items, second.length]).toEqual([[2, 4], LONG]);
    second.finish();
    expect((await engine.nextRun()).items).toEqual([3]);
  });

  it('serves requests in turn, so that one with many items does not delay the others', async () => {
    const { engine, submit } = setup();
    void submit([0]);
    const first = await engine.nextRun();
    void submit([10, 11, 12, 13, 14, 15]);
    for (const item of [20, 30, 40, 50]) void submit([item]);
    first.finish();
    const second = await engine.nextRun();
    expect(second.items).toEqual([10, 20, 30, 40]);
    second.finish();
    const third = await engine.nextRun();
    expect(third.items).toEqual([50, 11, 12, 13]);
  });

  it('forms the batch once the engine is ready, without items aborted until then', async () => {
    const { engine, submit } = setup();
    engine.setReady(false);
    const gone = new AbortController();
    const [left] = submit([1], { signal: gone.signal });
    void submit([2]);
    gone.abort(new ClientGone());
    await expect(left).rejects.toBeInstanceOf(ClientGone);
    engine.setReady(true);
    expect((await engine.nextRun()).items).toEqual([2]);
  });
});

describe('an aborted item', () => {
  it('leaves the queue at once and is not computed', async () => {
    const { engine, batcher, submit } = setup();
    void submit([1]);
    const first = await engine.nextRun();
    const deadline = new AbortController();
    const [late] = submit([2], { signal: deadline.signal });
    const [kept] = submit([3]);
    deadline.abort(new DeadlineExceeded('service'));
    expect(batcher.waiting).toBe(1);
    await expect(late).rejects.toBeInstanceOf(DeadlineExceeded);
    first.finish();
    const second = await engine.nextRun();
    expect(second.items).toEqual([3]);
    second.finish();
    await expect(kept).resolves.toBe('answer 3');
  });

  it('rejects at once during a run, which goes on for the others', async () => {
    const { engine, batcher, submit } = setup();
    const gone = new AbortController();
    engine.setReady(false);
    const [left] = submit([1], { signal: gone.signal });
    const [kept] = submit([2]);
    engine.setReady(true);
    const run = await engine.nextRun();
    expect(run.items).toEqual([1, 2]);
    gone.abort(new ClientGone());
    await expect(left).rejects.toBeInstanceOf(ClientGone);
    expect(batcher.inFlight).toBe(1);
    run.finish();
    await expect(kept).resolves.toBe('answer 2');
  });

  it('rejects if its signal was aborted before it was submitted', async () => {
    const { submit } = setup();
    await expect(submit([1], { signal: AbortSignal.abort(new ClientGone()) })[0]).rejects.toBeInstanceOf(ClientGone);
  });
});

describe('a failed run', () => {
  it('is retried with the whole batch', async () => {
    const { engine, submit } = setup();
    const answers = submit([1, 2]);
    (await engine.nextRun()).fail();
    const again = await engine.nextRun();
    expect(again.items).toEqual([1, 2]);
    again.finish();
    await expect(Promise.all(answers)).resolves.toEqual(['answer 1', 'answer 2']);
  });

  it('rejects a single item after its second failure', async () => {
    const { engine, batcher, submit } = setup();
    const [answer] = submit([1]);
    (await engine.nextRun()).fail();
    (await engine.nextRun()).fail();
    await expect(answer).rejects.toBeInstanceOf(EngineUnavailable);
    expect([batcher.waiting, batcher.inFlight]).toEqual([0, 0]);
  });

  it('is split until the item that causes it is alone, and only that item is rejected', async () => {
    const { engine, submit } = setup({ maxBatch: 8 });
    engine.behave((items) => !items.includes(8));
    engine.setReady(false);
    const answers = [1, 2, 3, 4, 5, 6, 7, 8].flatMap((item) => submit([item]));
    engine.setReady(true);
    const settled = await Promise.allSettled(answers);
    expect(settled.map(({ status }) => status)).toEqual(
      [1, 2, 3, 4, 5, 6, 7, 8].map((item) => (item === 8 ? 'rejected' : 'fulfilled')),
    );
    // The batch twice, then one half of each size: which the engine's failure limit must allow.
    expect(engine.failures).toBe(2 + Math.log2(8));
  });

  it('counts its items as waiting until their part is run', async () => {
    const { engine, batcher, submit } = setup();
    const answers = submit([1, 2, 3, 4]);
    (await engine.nextRun()).fail();
    (await engine.nextRun()).fail();
    const half = await engine.nextRun();
    expect([half.items, batcher.inFlight, batcher.waiting]).toEqual([[1, 2], 2, 2]);
    half.finish();
    (await engine.nextRun()).finish();
    await expect(Promise.all(answers)).resolves.toHaveLength(4);
  });

  it('is not repeated with an item in quarantine', async () => {
    const blamed: [number, readonly unknown[]][] = [];
    const refusal = new Error('not again');
    const { engine, submit } = setup({
      quarantine: {
        refuse: (item) => (blamed.some(([bad]) => bad === item) ? refusal : undefined),
        blame: (item, failures) => {
          blamed.push([item, failures]);
          return new Error('failed alone');
        },
      },
    });
    engine.behave((items) => !items.includes(6));
    engine.setReady(false);
    // The same item twice in one batch and once in the next.
    const answers = [1, 6, 2, 6, 6, 3].flatMap((item) => submit([item]));
    engine.setReady(true);
    const settled = await Promise.allSettled(answers);
    expect(settled.map((one) => (one.status === 'fulfilled' ? one.value : (one.reason as Error)))).toEqual([
      'answer 1',
      new Error('failed alone'),
      'answer 2',
      refusal,
      refusal,
      'answer 3',
    ]);
    await expect(submit([6])[0]).rejects.toBe(refusal);
    // The batch twice, a half and the item alone; nothing after that.
    expect(engine.failures).toBe(4);
    expect(blamed.map(([item, failures]) => [item, failures.length])).toEqual([[6, 4]]);
  });

  it('is not repeated with an item that was aborted meanwhile', async () => {
    const { engine, submit } = setup();
    const gone = new AbortController();
    const [left] = submit([1], { signal: gone.signal });
    const run = await engine.nextRun();
    const [kept] = submit([2]);
    gone.abort(new ClientGone());
    run.fail();
    await expect(left).rejects.toBeInstanceOf(ClientGone);
    const next = await engine.nextRun();
    expect(next.items).toEqual([2]);
    next.finish();
    await kept;
  });

  it('rejects all items, waiting and new, when the engine ends for good', async () => {
    const { engine, batcher, submit } = setup();
    const [running] = submit([1]);
    const run = await engine.nextRun();
    const [waiting] = submit([2]);
    engine.endForGood();
    run.fail();
    await expect(running).rejects.toBeInstanceOf(EngineUnavailable);
    await expect(waiting).rejects.toBeInstanceOf(EngineUnavailable);
    await expect(submit([3])[0]).rejects.toBeInstanceOf(EngineUnavailable);
    expect([batcher.waiting, batcher.inFlight]).toEqual([0, 0]);
  });
});
