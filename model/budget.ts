interface Waiting {
  readonly cost: number;
  readonly start: () => void;
}

/**
 * Limits how many tasks run concurrently and how much they cost in total. Other tasks wait, first in, first out.
 */
export class Budget {
  readonly #slots: number;
  #capacity: number;
  readonly #queue: Waiting[] = [];
  #running = 0;
  #spent = 0;

  /**
   * @param slots most tasks at a time
   * @param capacity most that they may cost in total, in any unit
   */
  constructor(slots: number, capacity: number) {
    this.#slots = slots;
    this.#capacity = capacity;
  }

  /** Most that tasks may cost in total. Changing it affects tasks that have yet to start. */
  get capacity(): number {
    return this.#capacity;
  }

  set capacity(capacity: number) {
    this.#capacity = capacity;
    this.#advance();
  }

  /** What the running tasks cost in total. */
  get spent(): number {
    return this.#spent;
  }

  /**
   * Runs `work` as soon as the budget allows.
   *
   * @param cost at most the capacity, or it runs alone
   * @param signal cancels the wait, but not work that has started
   * @throws the signal's reason, or what `work` throws
   */
  async run<T>(cost: number, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const release = await this.take(cost, signal);
    try {
      return await work();
    } finally {
      release();
    }
  }

  /**
   * Waits until the budget allows a task, which ends when what is returned is called.
   *
   * @param cost at most the capacity, or it runs alone
   * @param signal cancels the wait
   * @throws the signal's reason
   */
  async take(cost: number, signal?: AbortSignal): Promise<() => void> {
    await this.#enter(cost, signal);
    let isRunning = true;
    return () => {
      if (!isRunning) return;
      isRunning = false;
      this.#running--;
      this.#spent -= cost;
      this.#advance();
    };
  }

  #enter(cost: number, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        this.#queue.splice(this.#queue.indexOf(waiting), 1);
        reject(signal?.reason as Error);
        this.#advance();
      };
      const start = (): void => {
        signal?.removeEventListener('abort', giveUp);
        resolve();
      };
      const waiting = { cost, start };
      signal?.addEventListener('abort', giveUp, { once: true });
      this.#queue.push(waiting);
      this.#advance();
    });
  }

  #advance(): void {
    for (let next = this.#queue[0]; next !== undefined && this.#fits(next.cost); next = this.#queue[0]) {
      this.#queue.shift();
      this.#running++;
      this.#spent += next.cost;
      next.start();
    }
  }

  #fits(cost: number): boolean {
    return this.#running === 0 || (this.#running < this.#slots && this.#spent + cost <= this.#capacity);
  }
}
