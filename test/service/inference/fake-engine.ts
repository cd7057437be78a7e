import type { BatchEngine } from '../../../service/inference/batching/batcher.ts';

/** A run that the test finishes. */
export interface FakeRun {
  readonly items: readonly number[];
  readonly length: number;
  finish(): void;
  fail(): void;
}

/** An engine whose runs end when the test says so, or as set by `behave`. */
export class FakeEngine implements BatchEngine<number, string> {
  /** Number of failed runs. */
  failures = 0;
  /** Concurrent runs: now, and the most so far. */
  running = 0;
  mostRunning = 0;
  #behaviour: ((items: readonly number[]) => boolean | Promise<boolean>) | undefined;
  #state: 'ready' | 'away' | 'gone' = 'ready';
  readonly #runs: FakeRun[] = [];
  readonly #waitingForRun: ((run: FakeRun) => void)[] = [];
  readonly #waitingForReady: (() => void)[] = [];

  /** Ends each run without the test: it succeeds if the behaviour returns true. */
  behave(behaviour: (items: readonly number[]) => boolean | Promise<boolean>): void {
    this.#behaviour = behaviour;
  }

  /** Becomes ready or unready, unless it has ended for good. */
  setReady(ready: boolean): void {
    if (this.#state === 'gone') return;
    this.#state = ready ? 'ready' : 'away';
    this.#wake();
  }

  endForGood(): void {
    this.#state = 'gone';
    this.#wake();
  }

  /** The next run, as soon as it has started. */
  nextRun(): Promise<FakeRun> {
    const run = this.#runs.shift();
    if (run !== undefined) return Promise.resolve(run);
    return new Promise((resolve) => this.#waitingForRun.push(resolve));
  }

  get isReady(): boolean {
    return this.#state === 'ready';
  }

  async whenReady(): Promise<void> {
    while (this.#state === 'away') {
      await new Promise<void>((resolve) => this.#waitingForReady.push(resolve));
    }
    if (this.#state === 'gone') throw new Error('gone');
  }

  run(items: readonly number[], length: number): Promise<readonly string[]> {
    this.running++;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.running--;
      };
      const run: FakeRun = {
        items,
        length,
        finish: () => {
          end();
          resolve(items.map((item) => `answer ${item}`));
        },
        fail: () => {
          end();
          this.failures++;
          reject(new Error('lost'));
        },
      };
      if (this.#behaviour !== undefined) {
        void Promise.resolve(this.#behaviour(items)).then((well) => {
          if (well) run.finish();
          else run.fail();
        });
        return;
      }
      const waiter = this.#waitingForRun.shift();
      if (waiter === undefined) this.#runs.push(run);
      else waiter(run);
    });
  }

  #wake(): void {
    for (const wake of this.#waitingForReady.splice(0)) wake();
  }
}
