import { expect, it } from 'vitest';
import { runLimitMs } from '../../../../service/engine/process/run-limit.ts';

it.each([
  // An A100, whatever the batch.
  ['a GPU', 30, 8, 10_000],
  // Two processors and the large model: 17 s for the batch when nothing else runs.
  ['a CPU', 1850, 8, 148_000],
  ['a CPU, for one item', 1850, 1, 18_500],
])('lets %s be slower than in its self-test, but times out while requests still wait', (_, itemMs, items, ms) => {
  expect(runLimitMs(itemMs, items)).toBe(ms);
});
