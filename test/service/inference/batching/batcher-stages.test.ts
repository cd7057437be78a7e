import { describe, expect, it } from 'vitest';
import { ClientGone } from '../../../../service/inference/errors.ts';
import { setup, SHORT, type Setup } from './batcher-setup.ts';

describe('the reported stages of an item', () => {
  /** Submits an item and collects its stages. `end` fulfils with those reported until it settled. */
  function ask({ batcher }: Setup, item: number): { reported: string[]; leave: () => void; end: Promise<unknown> } {
    const reported: string[] = [];
    const controller = new AbortController();
    const [answer] = batcher.submit([{ item, length: SHORT }], controller.signal, (stage) => {
      expect(stage.endMs).toBeGreaterThanOrEqual(stage.startMs);
      reported.push(`${stage.name}${stage.failed ? ' failed' : ''}`);
    });
    const leave = (): void => {
      controller.abort(new ClientGone());
    };
    const end = Promise.resolve(answer).then(
      () => [...reported],
      () => [...reported],
    );
    return { reported, leave, end };
  }

  it('are its wait and its run', async () => {
    const all = setup();
    const { reported, end } = ask(all, 1);
    const run = await all.engine.nextRun();
    expect(reported).toEqual(['queue']);
    run.finish();
    expect(await end).toEqual(['queue', 'inference']);
  });

  it('end with a failed wait if it is aborted in the queue', async () => {
    const all = setup();
    ask(all, 1);
    const run = await all.engine.nextRun();
    const { leave, end } = ask(all, 2);
    leave();
    expect(await end).toEqual(['queue failed']);
    run.finish();
  });

  it('end with a failed run if it is aborted during the run', async () => {
    const all = setup();
    const { reported, leave, end } = ask(all, 1);
    const run = await all.engine.nextRun();
    leave();
    expect(await end).toEqual(['queue', 'inference failed']);
    run.finish();
    const { end: next } = ask(all, 2);
    (await all.engine.nextRun()).finish();
    await next;
    expect(reported).toEqual(['queue', 'inference failed']);
  });

  it('include each failed run and the wait for the next one', async () => {
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

  it('end with a failed wait if no engine is left', async () => {
    const all = setup();
    all.engine.endForGood();
    expect(await ask(all, 1).end).toEqual(['queue failed']);
  });
});
