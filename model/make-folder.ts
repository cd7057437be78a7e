import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';

/**
 * Makes a folder and those above it, unless they are there.
 *
 * @throws the system's error. Node.js itself says ENOENT whatever keeps it from making the first of several folders, such
 *   as a full disk or a file system that is read-only
 */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    let missing = path.resolve(folder);
    while (!existsSync(path.dirname(missing))) missing = path.dirname(missing);
    await mkdir(missing);
    await mkdir(folder, { recursive: true });
  }
}
