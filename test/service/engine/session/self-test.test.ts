import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Manifest } from '../../../../model/package/manifest.ts';
import { runSelfTest } from '../../../../service/engine/session/self-test.ts';
import type { EngineSession } from '../../../../service/engine/session/session.ts';

const CASES = [
  { imageSeed: 0, inputIds: [0, 2], probabilities: [0.5, 0.25, 0.25] },
  { imageSeed: 1, inputIds: [0, 7, 2], probabilities: [0.5, 0.25, 0.25] },
  { imageSeed: 2, inputIds: [0, 7, 8, 2], probabilities: [0.5, 0.25, 0.25] },
];
const MANIFEST = {
  image: { size: 4 },
  text: { lengths: [4] },
  answers: ['yes', 'no', 'maybe'],
  selfTest: { tolerance: 0.01, cases: CASES },
} as unknown as Manifest;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A session whose runs take these times, and which answers each case right but those listed. */
function sessionOf(times: readonly number[], wrong: readonly number[] = []): { session: EngineSession; ran: number[] } {
  const ran: number[] = [];
  const session: EngineSession = {
    provider: 'cpu',
    run: ({ items }) => {
      const index = CASES.findIndex(({ inputIds }) => inputIds.length === items[0]?.inputIds.length);
      vi.advanceTimersByTime(times[ran.length] ?? 0);
      ran.push(index);
      const [first = 0, ...others] = CASES[index]?.probabilities ?? [];
      const probabilities = Float32Array.from([first + (wrong.includes(index) ? 0.02 : 0.001), ...others]);
      return Promise.resolve({ probabilities, logScores: probabilities });
    },
  };
  return { session, ran };
}

it('runs every case of a quick model, and reports the time of the fastest', async () => {
  const { session, ran } = sessionOf([90, 10, 20]);
  const result = await runSelfTest(session, MANIFEST);
  expect(ran).toEqual([0, 1, 2]);
  expect(result.itemMs).toBe(10);
  expect(result.selfTestDeviation).toBeCloseTo(0.001, 5);
});

it('runs one case of a model that takes seconds, so that it is ready sooner', async () => {
  const { session, ran } = sessionOf([4000, 4000, 4000]);
  expect((await runSelfTest(session, MANIFEST)).itemMs).toBe(4000);
  expect(ran).toEqual([0]);
});

it.each([0, 1, 2])('fails with case %i', async (index) => {
  const { session } = sessionOf([10, 10, 10], [index]);
  await expect(runSelfTest(session, MANIFEST)).rejects.toThrow(
    new RegExp(`^case ${index} gives 0\\.5\\d+ for "yes", but the package expects 0\\.5 \\(tolerance 0\\.01\\)$`),
  );
});
