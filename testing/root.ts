import { fileURLToPath } from 'node:url';

/** Path of the repository, with a `/` at its end. */
export const ROOT = fileURLToPath(new URL('../', import.meta.url));
