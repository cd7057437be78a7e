import { describe, expect, it } from 'vitest';
import { EngineFailure } from '../../../../service/engine/process/failure.ts';
import type { EngineFailureReason } from '../../../../service/engine/process/failure.ts';
import { ItemFailed } from '../../../../service/inference/errors.ts';
import type { PredictItem } from '../../../../service/inference/predictor.ts';
import { ItemQuarantine } from '../../../../service/inference/batching/quarantine.ts';

const MINUTE_MS = 60_000;

const item = (pictureKey: string, text: number): PredictItem => {
  return { pixels: new Uint8Array(), pictureKey, inputIds: [0, text, 2], observer: undefined };
};
const lost = (reason: EngineFailureReason = 'crash', duringRun = true): EngineFailure =>
  new EngineFailure(reason, 'as told', duringRun);

function setup() {
  const clock = { ms: 0 };
  const quarantine = new ItemQuarantine(() => clock.ms);
  const isRefused = (...which: Parameters<typeof item>): boolean =>
    quarantine.refuse(item(...which)) !== undefined;
  return { clock, quarantine, isRefused };
}

describe('an item that failed alone', () => {
  it('is refused, and others are not', () => {
    const { quarantine, isRefused } = setup();
    const failures = [lost('timeout'), lost('bad-output')];
    expect(quarantine.blame(item('a', 1), failures)).toBeInstanceOf(ItemFailed);
    expect([isRefused('a', 1), isRefused('a', 2), isRefused('b', 1)]).toEqual([true, false, false]);
    // The engine is not charged with them.
    expect(failures.map(({ isItemsFault }) => isItemsFault)).toEqual([true, true]);
  });

  it('is tried again after a minute, later each time it fails again, and after ten minutes at most', () => {
    const { clock, quarantine, isRefused } = setup();
    for (const minutes of [1, 2, 4, 8, 10, 10]) {
      quarantine.blame(item('a', 1), [lost(), lost()]);
      clock.ms += minutes * MINUTE_MS - 1;
      expect(isRefused('a', 1)).toBe(true);
      clock.ms += 1;
      expect(isRefused('a', 1)).toBe(false);
    }
  });

  it('leaves its picture to blame, once another text has failed with it', () => {
    const { quarantine, isRefused } = setup();
    for (const text of [1, 2]) quarantine.blame(item('a', text), [lost(), lost()]);
    expect([isRefused('a', 3), isRefused('b', 1)]).toEqual([true, false]);
  });

  it.each([
    ['something else was wrong', [lost(), lost('gpu-memory')]],
    ['an engine was lost before it ran', [lost(), lost('crash', false)]],
    ['it was tried once', [lost()]],
    ['nobody knows why', [lost(), new Error('lost')]],
  ])('is not to blame where %s', (_, failures) => {
    const { quarantine, isRefused } = setup();
    expect(quarantine.blame(item('a', 1), failures)).toBeUndefined();
    expect(isRefused('a', 1)).toBe(false);
    expect(failures.filter((failure) => failure instanceof EngineFailure && failure.isItemsFault)).toEqual(
      [],
    );
  });

  it('is forgotten when very many others have failed since', () => {
    const { quarantine, isRefused } = setup();
    for (let picture = 0; picture <= 1000; picture++)
      quarantine.blame(item(`${picture}`, 1), [lost(), lost()]);
    expect([isRefused('0', 1), isRefused('1', 1), isRefused('1000', 1)]).toEqual([false, true, true]);
  });
});
