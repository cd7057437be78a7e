import type { Answer } from '../../answers.ts';
import { ELABORATE } from './elaborate.ts';
import { LATER } from './later.ts';
import { PLAIN } from './plain.ts';

/** Sentences with their answers, by the held-out picture of FIRST_SEED plus the key. */
export type Phrasings = Readonly<Record<number, readonly (readonly [string, Answer])[]>>;

/** Seed of the first picture. */
export const FIRST_SEED = 2_000_000;

/**
 * Sentences written by hand while looking at the pictures, in words and constructions of people's own, by who had not seen
 * the grammar. What the grammar makes as well was taken out.
 */
export const PHRASINGS: Phrasings = { ...ELABORATE, ...PLAIN, ...LATER };
