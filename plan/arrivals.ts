/** Requests per second as steps: each rate holds for its duration. */
export type RateSteps = readonly { readonly seconds: number; readonly rate: number }[];

/** A generator of numbers from 0 to 1 that repeats itself for a seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Seconds at which requests arrive: a Poisson process whose rate follows the steps. */
export function* poissonArrivals(steps: RateSteps, random: () => number): Generator<number> {
  let begin = 0;
  for (const { seconds, rate } of steps) {
    const end = begin + seconds;
    let at = begin;
    while (rate > 0) {
      at -= Math.log(1 - random()) / rate;
      if (at >= end) break;
      yield at;
    }
    begin = end;
  }
}

/** Seconds of all steps together. */
export function durationOf(steps: RateSteps): number {
  return steps.reduce((sum, { seconds }) => sum + seconds, 0);
}
