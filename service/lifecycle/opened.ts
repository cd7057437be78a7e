/** Closes something that was opened. */
export type Close = () => void | Promise<void>;

/** What a service has opened and closes at its end, or when it cannot start. */
export class Opened {
  readonly #closes: Close[] = [];

  add(close: Close): void {
    this.#closes.push(close);
  }

  /** Closes everything at the same time, and fails when all of it has ended if something could not be closed. */
  async close(): Promise<void> {
    const ends = await Promise.allSettled(this.#closes.splice(0).map(async (close) => close()));
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason as Error;
  }
}
