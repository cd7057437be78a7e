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

  it('takes what has come meanwhile when the engine comes free, up to the limit', async () => {
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

  it('never mixes lengths, and takes the length that has waited longest first', async () => {
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

  it("lets one request's many items wait their turn among others", async () => {
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

  it('waits for the engine before it chooses, so that who leaves meanwhile is not computed', async () => {
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

describe('an abort', () => {
  it('frees a waiting place at once and is not computed', async () => {
    const { engine, batcher, submit } = setup();
    void submit([1]);
    const first = await engine.nextRun();
    const deadline = new AbortController();
    const [late] = submit([2], { signal: deadline.signal });
    const [kept] = submit([3]);
    deadline.abort(new DeadlineExceeded());
    expect(batcher.waiting).toBe(1);
    await expect(late).rejects.toBeInstanceOf(DeadlineExceeded);
    first.finish();
    const second = await engine.nextRun();
    expect(second.items).toEqual([3]);
    second.finish();
    await expect(kept).resolves.toBe('answer 3');
  });

  it('answers at once during a run, whose other items go on', async () => {
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

  it('that came before the request is an answer too', async () => {
    const { submit } = setup();
    await expect(submit([1], { signal: AbortSignal.abort(new ClientGone()) })[0]).rejects.toBeInstanceOf(
      ClientGone,
    );
  });
});

describe('an engine that fails', () => {
  it('gets the batch once more', async () => {
    const { engine, submit } = setup();
    const answers = submit([1, 2]);
    (await engine.nextRun()).fail();
    const again = await engine.nextRun();
    expect(again.items).toEqual([1, 2]);
    again.finish();
    await expect(Promise.all(answers)).resolves.toEqual(['answer 1', 'answer 2']);
  });

  it('fails a lone item after its second try', async () => {
    const { engine, batcher, submit } = setup();
    const [answer] = submit([1]);
    (await engine.nextRun()).fail();
    (await engine.nextRun()).fail();
    await expect(answer).rejects.toBeInstanceOf(EngineUnavailable);
    expect([batcher.waiting, batcher.inFlight]).toEqual([0, 0]);
  });

  it('fails for the poisonous item alone, once it is isolated', async () => {
    const { engine, submit } = setup({ maxBatch: 8 });
    engine.behave((items) => !items.includes(6));
    engine.setReady(false);
    const answers = [1, 2, 3, 4, 5, 6, 7, 8].flatMap((item) => submit([item]));
    engine.setReady(true);
    const settled = await Promise.allSettled(answers);
    expect(settled.map(({ status }) => status)).toEqual(
      [1, 2, 3, 4, 5, 6, 7, 8].map((item) => (item === 6 ? 'rejected' : 'fulfilled')),
    );
    // Twice the batch, then one of each half that holds it: which the engine's failure limit must allow.
    expect(engine.failures).toBe(2 + Math.log2(8));
  });

  it('is not given again what it has failed on alone', async () => {
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
    // Two of the same stand in one batch, and a third one behind it.
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
    // The batch twice, a half, and the item: all that it was in, and nothing after it.
    expect(engine.failures).toBe(4);
    expect(blamed.map(([item, failures]) => [item, failures.length])).toEqual([[6, 4]]);
  });

  it('is not given again what nobody waits for any more', async () => {
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

  it('for good, fails what waits and what comes', async () => {
    const { engine, submit } = setup();
    const [running] = submit([1]);
    const run = await engine.nextRun();
    const [waiting] = submit([2]);
    engine.endForGood();
    run.fail();
    await expect(running).rejects.toBeInstanceOf(EngineUnavailable);
    await expect(waiting).rejects.toBeInstanceOf(EngineUnavailable);
    await expect(submit([3])[0]).rejects.toBeInstanceOf(EngineUnavailable);
  });
});
