import type { open } from 'node:fs/promises';

/** Opens the files of an output; tests put one in its place that fails. */
export type OpenFile = typeof open;
