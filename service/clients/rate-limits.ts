import type { KeyHolder, Rate } from './key-file.ts';

/** A token bucket. Its level is kept as the time at which it will be full, so that it needs no refilling. */
interface Bucket {
  readonly rate: Rate;
  fullAtMs: number;
}

/** Times that differ by less are the same: they are sums of fractions. */
const ROUNDING_MS = 1e-6;

/** Holds clients to their rates. */
export class RateLimits {
  readonly #now: () => number;
  #buckets = new Map<string, Bucket>();

  /** @param now a monotonic clock in milliseconds */
  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /** Sets the rates. Clients whose rate has not changed keep what they have used of it. */
  set(holders: Iterable<KeyHolder>): void {
    const before = this.#buckets;
    this.#buckets = new Map();
    for (const { name, rate } of holders) {
      if (rate === undefined || this.#buckets.has(name)) continue;
      const bucket = before.get(name);
      const isSame = bucket?.rate.text === rate.text;
      this.#buckets.set(name, isSame ? bucket : { rate, fullAtMs: this.#now() });
    }
  }

  /** Milliseconds until a client may send a request; 0 if it may now. */
  waitMs(name: string): number {
    const bucket = this.#buckets.get(name);
    if (bucket === undefined) return 0;
    const { rate, fullAtMs } = bucket;
    const usedMs = Math.max(0, fullAtMs - this.#now());
    const waitMs = usedMs + rate.periodMs / rate.requests - rate.periodMs;
    return waitMs > ROUNDING_MS ? waitMs : 0;
  }

  /** Counts a request if the client may send it. @returns as {@link waitMs} */
  take(name: string): number {
    const waitMs = this.waitMs(name);
    const bucket = this.#buckets.get(name);
    if (waitMs > 0 || bucket === undefined) return waitMs;
    const { rate, fullAtMs } = bucket;
    bucket.fullAtMs = Math.max(fullAtMs, this.#now()) + rate.periodMs / rate.requests;
    return 0;
  }
}
