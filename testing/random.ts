/** Seeded random numbers, the same on every machine: xorshift32, from Marsaglia, "Xorshift RNGs", 2003. */
export class SeededRandom {
  #state: number;

  /** @param seed any integer; equal seeds give equal sequences */
  constructor(seed: number) {
    // Neighbouring seeds must not start in neighbouring states, and no state may be 0.
    this.#state = Math.imul(seed ^ 0x5bd1e995, 0x9e3779b1) | 1;
    for (let i = 0; i < 8; i++) this.integer(1);
  }

  /** An integer from 0 (included) to `below` (excluded). */
  integer(below: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return Math.floor(((x >>> 0) / 2 ** 32) * below);
  }

  /** Fills `target` evenly around `mean` with the standard deviation `deviation`. */
  fill(target: Float32Array, mean: number, deviation: number): void {
    let x = this.#state;
    const width = (deviation * Math.sqrt(3)) / 2 ** 31;
    for (let i = 0; i < target.length; i++) {
      x ^= x << 13;
      x ^= x >>> 17;
      x ^= x << 5;
      target[i] = x * width + mean;
    }
    this.#state = x;
  }
}

/** A seed for one named part of what a seed stands for: FNV-1a over the name. */
export function seedOf(seed: number, name: string): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash;
}
