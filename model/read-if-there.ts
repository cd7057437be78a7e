import { readFileSync } from 'node:fs';

/** The text of a file that only some systems have, such as one of /proc; undefined where it cannot be read. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
