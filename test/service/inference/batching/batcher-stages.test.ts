import { describe, expect, it } from 'vitest';
import { ClientGone } from '../../../../service/inference/errors.ts';
import { setup, SHORT } from './batcher-setup.ts';
import type { Setup } from './batcher-setup.ts';

describe('what is told of an item', () => {
  /** Submits an item; what is told of it as it settles. */
  function ask(
    { batcher }: Setup,
    item: number,
  ): { told: string[]; leave: () => void; end: Promise<unknown> } {
    const told: string[] = [];
    const controller = new AbortController();
    const [answer] = batcher.submit([{ item, length: SHORT }], controller.signal, (stage) => {
      expect(stage.endMs).toBeGreaterThanOrEqual(stage.startMs);
      told.push(`${stage.name}${stage.failed ? ' failed' : ''}`);
    });
    const leave = (): void => {
      controller.abort(new ClientGone());
    };
    // What has been told by then, not what comes later.
    const end = Promise.resolve(answer).then(
      () => [...told],
      () => [...told],
    );
    return { told, leave, end };
  }

  it('is its wait and its run', async () => {
    const all = setup();
    const { told, end } = ask(all, 1);
    const run = await all.engine.nextRun();
    expect(told).toEqual(['queue']);
    run.finish();
    expect(await end).toEqual(['queue', 'inference']);
  });

  it('is the wait that was given up', async () => {
    const all = setup();
    ask(all, 1);
    const run = await all.engine.nextRun();
    const { leave, end } = ask(all, 2);
    leave();
    expect(await end).toEqual(['queue failed']);
    run.finish();
  });

  it('is the run that was given up, and nothing after it', async () => {
    const all = setup();
    const { told, leave, end } = ask(all, 1);
    const run = await all.engine.nextRun();
    leave();
    expect(await end).toEqual(['queue', 'inference failed']);
    run.finish();
    const { end: next } = ask(all, 2);
    (await all.engine.nextRun()).finish();
    await next;
    expect(told).toEqual(['queue', 'inference failed']);
  });

  it('is each try, and the wait for the next engine', async () => {
    const all = setup();
    const { end } = ask(all, 1);
    const first = await all.engine.nextRun();
    first.fail();
    (await all.engine.nextRun()).fail();
    expect(await end).toEqual(['queue', 'inference failed', 'queue', 'inference failed']);
    const { leave, end: waiting } = ask(all, 2);
    const lost = await all.engine.nextRun();
    all.engine.setReady(false);
    lost.fail();
    await new Promise((resolve) => setImmediate(resolve));
    leave();
    expect(await waiting).toEqual(['queue', 'inference failed', 'queue failed']);
  });

  it('is the wait that no engine ended', async () => {
    const all = setup();
    all.engine.endForGood();
    expect(await ask(all, 1).end).toEqual(['queue failed']);
  });
});
