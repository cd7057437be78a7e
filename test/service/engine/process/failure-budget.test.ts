import { expect, it } from 'vitest';
import { EngineFailure } from '../../../../service/engine/process/failure.ts';
import { FailureBudget, failureLimit } from '../../../../service/engine/process/failure-budget.ts';

it('is exhausted by as many failures as the limit within the window', () => {
  let now = 0;
  const budget = new FailureBudget(3, 1000, () => now);
  const isExhaustedAfterFailureAt = (ms: number): boolean => {
    now = ms;
    budget.record(new EngineFailure('crash', 'test'));
    return budget.isExhausted;
  };
  // At 1000 the first failure has just left the window, at 1400 the second.
  expect([0, 400, 1000, 1399].map(isExhaustedAfterFailureAt)).toEqual([false, false, false, true]);
  now = 1400;
  expect(budget.isExhausted).toBe(false);
  expect([3000, 3001, 3002].map(isExhaustedAfterFailureAt)).toEqual([false, false, true]);
});

it('does not count failures that an item caused, once they are forgiven', () => {
  const budget = new FailureBudget(2, 1000, () => 0);
  const [own, caused] = [new EngineFailure('crash', 'test'), new EngineFailure('crash', 'test')];
  caused.isItemsFault = true;
  for (const failure of [own, caused]) budget.record(failure);
  expect(budget.isExhausted).toBe(true);
  budget.forgiveItems();
  expect(budget.isExhausted).toBe(false);
  budget.record(new EngineFailure('crash', 'test'));
  expect(budget.isExhausted).toBe(true);
});

it.each([
  [1, 6],
  [2, 8],
  [8, 12],
  [9, 14],
  [256, 22],
])('has room to isolate two items of a batch of %i: %i failures', (maxBatch, limit) => {
  expect(failureLimit(maxBatch)).toBe(limit);
});
