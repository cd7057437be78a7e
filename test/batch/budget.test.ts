import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Budget } from '../../batch/budget.ts';

const { signal } = new AbortController();

test('never more than the limit is taken, except by one alone, and everybody is served in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 15 }), { maxLength: 30 }), async (amounts) => {
      const budget = new Budget(10);
      const held = new Set<number>();
      const served: number[] = [];
      await Promise.all(
        amounts.map(async (amount, index) => {
          const release = await budget.take(amount, signal);
          served.push(index);
          held.add(index);
          const sum = [...held].reduce((total, each) => total + (amounts[each] ?? 0), 0);
          expect(sum <= 10 || [...held].filter((each) => amounts[each] !== 0).length === 1).toBe(true);
          await new Promise((resolve) => setImmediate(resolve));
          held.delete(index);
          release();
          release();
        }),
      );
      expect(served).toEqual([...amounts.keys()]);
    }),
  );
});

test('a wait that is aborted leaves, and lets those behind it pass', async () => {
  const budget = new Budget(10);
  const controller = new AbortController();
  await budget.take(6, signal);
  const large = budget.take(9, controller.signal);
  const small = budget.take(4, signal);
  controller.abort(new Error('enough'));
  await expect(large).rejects.toThrow('enough');
  await small;
});
