import { ELABORATE } from './elaborate.ts';
import { LATER } from './later.ts';
import type { Phrasings } from './phrasings.ts';
import { PLAIN } from './plain.ts';

/**
 * Sentences written by hand while looking at the pictures, in people's own words and constructions, by authors who had
 * not seen the grammar. Sentences that the grammar makes, too, were taken out.
 */
export const PHRASINGS: Phrasings = { ...ELABORATE, ...PLAIN, ...LATER };
