import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Budget } from '../../model/budget.ts';

/** Pieces of work that run until they are told to end, and the order in which they started. */
function bench(budget: Budget) {
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  const run = (name: string, cost: number, signal?: AbortSignal): Promise<string> =>
    budget.run(
      cost,
      () => {
        started.push(name);
        return new Promise<string>((resolve) => {
          ends.set(name, () => {
            resolve(name);
          });
        });
      },
      signal,
    );
  const end = (name: string): void => ends.get(name)?.();
  return { started, run, end };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the budget', () => {
  it('runs as many pieces as there are slots, in order', async () => {
    const budget = new Budget(2, 100);
    const { started, run, end } = bench(budget);
    const all = ['a', 'b', 'c'].map((name) => run(name, 1));
    await settle();
    expect(started).toEqual(['a', 'b']);
    expect(budget.spent).toBe(2);
    end('b');
    await settle();
    expect(started).toEqual(['a', 'b', 'c']);
    end('a');
    end('c');
    expect(await Promise.all(all)).toEqual(['a', 'b', 'c']);
    expect(budget.spent).toBe(0);
  });

  it('holds back what would cost too much beside the others, and what came after it', async () => {
    const { started, run, end } = bench(new Budget(4, 10));
    void run('small', 4);
    void run('large', 7);
    void run('late', 1);
    await settle();
    expect(started).toEqual(['small']);
    end('small');
    await settle();
    expect(started).toEqual(['small', 'large', 'late']);
  });

  it('lets a piece that costs more than everything run alone', async () => {
    const { started, run, end } = bench(new Budget(4, 10));
    void run('small', 1);
    void run('huge', 1000);
    await settle();
    expect(started).toEqual(['small']);
    end('small');
    await settle();
    void run('next', 1);
    await settle();
    expect(started).toEqual(['small', 'huge']);
    end('huge');
    await settle();
    expect(started).toEqual(['small', 'huge', 'next']);
  });

  it('lets in what fits a larger capacity', async () => {
    const budget = new Budget(4, 10);
    const { started, run } = bench(budget);
    void run('a', 6);
    void run('b', 6);
    await settle();
    expect(started).toEqual(['a']);
    budget.capacity = 12;
    expect(budget.capacity).toBe(12);
    await settle();
    expect(started).toEqual(['a', 'b']);
  });

  it('drops a waiting piece whose signal is aborted, and lets the one behind it in', async () => {
    const { started, run } = bench(new Budget(4, 10));
    const controller = new AbortController();
    void run('running', 5);
    const dropped = run('dropped', 9, controller.signal);
    void run('behind', 5);
    await settle();
    expect(started).toEqual(['running']);
    controller.abort(new Error('gone'));
    await expect(dropped).rejects.toThrow('gone');
    await settle();
    expect(started).toEqual(['running', 'behind']);
  });

  it('lends what fits, or all of it to one that asks for more, in order, and takes it back once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 15 }), { maxLength: 30 }), async (costs) => {
        const budget = new Budget(Infinity, 10);
        const served: number[] = [];
        await Promise.all(
          costs.map(async (cost, index) => {
            const release = await budget.take(cost);
            served.push(index);
            expect(budget.spent <= 10 || budget.spent === cost).toBe(true);
            await settle();
            release();
            release();
          }),
        );
        expect(served).toEqual([...costs.keys()]);
        expect(budget.spent).toBe(0);
      }),
    );
  });

  it('gives back the room of a piece that failed', async () => {
    const budget = new Budget(1, 1);
    await expect(budget.run(1, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await budget.run(1, () => Promise.resolve('next'))).toBe('next');
  });
});
