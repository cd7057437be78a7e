import type { Answer } from '../../answers.ts';

/** Sentences with their answers, by the held-out picture of FIRST_SEED plus the key. */
export type Phrasings = Readonly<Record<number, readonly (readonly [string, Answer])[]>>;

/** Seed of the first picture. */
export const FIRST_SEED = 2_000_000;
