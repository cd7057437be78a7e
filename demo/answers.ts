/** The demo model's answers, in the order in which labels are numbered. */
export const ANSWERS = ['yes', 'no', 'maybe'] as const;

/** One of {@link ANSWERS}. */
export type Answer = (typeof ANSWERS)[number];
