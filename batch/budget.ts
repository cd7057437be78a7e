interface Waiter {
  readonly amount: number;
  readonly grant: () => void;
}

/** A limited amount of something, such as memory. Who asks first is served first. */
export class Budget {
  readonly #limit: number;
  readonly #waiters: Waiter[] = [];
  #used = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Waits until an amount is free. One larger than the whole budget waits until all of it is free.
   *
   * @returns gives it back, once
   * @throws the signal's reason when it aborts
   */
  async take(amount: number, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const waiter = {
        amount,
        grant: () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      const onAbort = (): void => {
        const at = this.#waiters.indexOf(waiter);
        if (at >= 0) this.#waiters.splice(at, 1);
        reject(signal.reason as Error);
        this.#serve();
      };
      signal.addEventListener('abort', onAbort);
      this.#waiters.push(waiter);
      this.#serve();
    });
    let isHeld = true;
    return () => {
      if (isHeld) this.#used -= amount;
      isHeld = false;
      this.#serve();
    };
  }

  #serve(): void {
    for (let first = this.#waiters[0]; first !== undefined; first = this.#waiters[0]) {
      if (this.#used > 0 && this.#used + first.amount > this.#limit) return;
      this.#used += first.amount;
      this.#waiters.shift();
      first.grant();
    }
  }
}
