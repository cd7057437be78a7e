import { expect, it } from 'vitest';
import { failureLimit, FailureBudget } from '../../../../service/engine/process/failure-budget.ts';

it('counts the failures of the window that ends now, and no older ones', () => {
  let now = 0;
  const budget = new FailureBudget<string>(3, 1000, () => now);
  for (const at of [0, 400, 1000]) {
    now = at;
    budget.record('any');
  }
  // The first one has just left.
  expect([budget.count, budget.exhausted]).toEqual([2, false]);
  now = 1399;
  budget.record('any');
  expect([budget.count, budget.exhausted]).toEqual([3, true]);
  now = 1400;
  expect([budget.count, budget.exhausted]).toEqual([2, false]);
  now = 3000;
  expect(budget.count).toBe(0);
});

it('does not count what is forgiven', () => {
  const budget = new FailureBudget<string>(2, 1000, () => 0);
  for (const failure of ['the engine', 'an item']) budget.record(failure);
  budget.forgive((failure) => failure === 'an item');
  expect([budget.count, budget.exhausted]).toEqual([1, false]);
});

it.each([
  [1, 6],
  [2, 8],
  [8, 12],
  [9, 14],
  [256, 22],
])('has room for isolating two items of a batch of %i: %i failures', (maxBatch, limit) => {
  expect(failureLimit(maxBatch)).toBe(limit);
});
