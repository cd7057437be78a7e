/** The demo model's answers, in the order of their label numbers. */
export const ANSWERS = ['yes', 'no', 'maybe'] as const;

/** One of {@link ANSWERS}. */
export type Answer = (typeof ANSWERS)[number];
