import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Entry } from '../../../../service/inference/batching/entry.ts';
import type { Stage } from '../../../../service/inference/observer.ts';

function setup({ signal }: AbortController) {
  const clock = { ms: 0 };
  const stages: Stage[] = [];
  const aborted: unknown[] = [];
  const entry = new Entry<number, string>(
    { item: 1, length: 12 },
    {
      now: () => clock.ms,
      signal,
      report: (stage) => stages.push(stage),
      onAbort: (one) => aborted.push(one),
    },
  );
  return { clock, stages, aborted, entry };
}

describe('an item', () => {
  it('has stages that follow each other', async () => {
    const { clock, stages, entry } = setup(new AbortController());
    for (const items of [4, 0, 2]) {
      clock.ms += 10;
      if (items === 0) entry.requeue();
      else entry.begin(items);
    }
    clock.ms += 10;
    entry.resolve('a');
    expect(await entry.answer).toBe('a');
    expect(stages).toEqual([
      { name: 'queue', startMs: 0, endMs: 10 },
      { name: 'inference', startMs: 10, endMs: 20, items: 4, failed: true },
      { name: 'queue', startMs: 20, endMs: 30 },
      { name: 'inference', startMs: 30, endMs: 40, items: 2 },
    ]);
  });

  it('of a request that has ended before is settled from the start, without a stage', async () => {
    const controller = new AbortController();
    controller.abort(new Error('gone'));
    const { stages, aborted, entry } = setup(controller);
    expect(entry.isSettled).toBe(true);
    await expect(entry.answer).rejects.toThrow('gone');
    entry.begin(1);
    entry.resolve('a');
    expect([stages, aborted]).toEqual([[], []]);
  });

  it('listens to its request until it is settled', async () => {
    const controller = new AbortController();
    const { aborted, entry } = setup(controller);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
    entry.resolve('a');
    await entry.answer;
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    controller.abort();
    expect(aborted).toEqual([]);
  });
});
