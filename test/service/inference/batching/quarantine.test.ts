import { describe, expect, it } from 'vitest';
import {
  ENGINE_FAILURES,
  EngineFailure,
  type EngineFailureReason,
} from '../../../../service/engine/process/failure.ts';
import { ItemFailed } from '../../../../service/inference/errors.ts';
import type { PredictItem } from '../../../../service/inference/batching-predictor.ts';
import { ItemQuarantine } from '../../../../service/inference/batching/quarantine.ts';

const MINUTE_MS = 60_000;

const item = (pictureKey: string | undefined, text: number): PredictItem => {
  return { pixels: new Uint8Array(), pictureKey, inputIds: [0, text, 2], observer: undefined };
};
const lost = (reason: EngineFailureReason = 'crash', duringRun = true): EngineFailure =>
  new EngineFailure(reason, 'simulated', duringRun);

function setup() {
  const clock = { ms: 0 };
  const quarantine = new ItemQuarantine(() => clock.ms);
  const isRefused = (...which: Parameters<typeof item>): boolean => quarantine.refuse(item(...which)) !== undefined;
  return { clock, quarantine, isRefused };
}

describe('an item that failed alone', () => {
  it('is refused, but no other item is', () => {
    const { quarantine, isRefused } = setup();
    const failures = [lost('timeout'), lost('bad-output')];
    expect(quarantine.blame(item('a', 1), failures)).toBeInstanceOf(ItemFailed);
    expect([isRefused('a', 1), isRefused('a', 2), isRefused('b', 1)]).toEqual([true, false, false]);
    // They do not count against the engine.
    expect(failures.map(({ isItemsFault }) => isItemsFault)).toEqual([true, true]);
  });

  it('is refused for one minute, twice as long each further time, and ten minutes at most', () => {
    const { clock, quarantine, isRefused } = setup();
    for (const minutes of [1, 2, 4, 8, 10, 10]) {
      quarantine.blame(item('a', 1), [lost(), lost()]);
      clock.ms += minutes * MINUTE_MS - 1;
      expect(isRefused('a', 1)).toBe(true);
      clock.ms += 1;
      expect(isRefused('a', 1)).toBe(false);
    }
  });

  it('gets its picture refused once another text has failed with it', () => {
    const { quarantine, isRefused } = setup();
    for (const text of [1, 2]) quarantine.blame(item('a', text), [lost(), lost()]);
    expect([isRefused('a', 3), isRefused('b', 1)]).toEqual([true, false]);
  });

  it('is not refused if its picture has no key', () => {
    const { quarantine, isRefused } = setup();
    expect(quarantine.blame(item(undefined, 1), [lost(), lost()])).toBeUndefined();
    expect(isRefused(undefined, 1)).toBe(false);
  });

  it('is blamed for what an item can cause, and for nothing else', () => {
    const blamed = ENGINE_FAILURES.filter((reason) => {
      const failures = [lost(reason), lost(reason)];
      return setup().quarantine.blame(item('a', 1), failures) !== undefined;
    });
    expect(blamed).toEqual(['timeout', 'crash', 'out-of-memory', 'run-error', 'bad-output']);
  });

  it.each([
    ['one failure had another cause', [lost(), lost('gpu-memory')]],
    ['another process killed an engine', [lost(), new EngineFailure('crash', 'simulated', true, true)]],
    ['an engine failed before the run', [lost(), lost('crash', false)]],
    ['it failed only once', [lost()]],
    ['the cause is unknown', [lost(), new Error('lost')]],
  ])('is not blamed if %s', (_, failures) => {
    const { quarantine, isRefused } = setup();
    expect(quarantine.blame(item('a', 1), failures)).toBeUndefined();
    expect(isRefused('a', 1)).toBe(false);
    expect(failures.filter((failure) => failure instanceof EngineFailure && failure.isItemsFault)).toEqual([]);
  });

  it('is answered with the last failure as the cause', () => {
    const last = lost('timeout');
    expect(setup().quarantine.blame(item('a', 1), [lost(), last])).toMatchObject({ cause: last });
  });

  it('is forgotten once a thousand others have failed since', () => {
    const { quarantine, isRefused } = setup();
    for (let picture = 0; picture <= 1000; picture++) quarantine.blame(item(`${picture}`, 1), [lost(), lost()]);
    expect([isRefused('0', 1), isRefused('1', 1), isRefused('1000', 1)]).toEqual([false, true, true]);
    // The one that failed first has failed again.
    quarantine.blame(item('1', 1), [lost(), lost()]);
    quarantine.blame(item('1001', 1), [lost(), lost()]);
    expect([isRefused('1', 1), isRefused('2', 1)]).toEqual([true, false]);
  });
});
