import { existsSync, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';

/**
 * Makes a folder and those above it, unless they are there: one after the other, as `recursive` of Node.js says ENOENT
 * whatever keeps it from making the first of several, such as a full disk or a file system that is read-only, and never
 * ends below `/proc`.
 *
 * @throws the system's error
 */
export function makeFolder(folder: string): void {
  const parent = path.dirname(folder);
  if (parent !== folder && !existsSync(parent)) makeFolder(parent);
  try {
    mkdirSync(folder);
  } catch (error) {
    // It may have been there, or another process has made it meanwhile. A link to what is not there is no file in the
    // way: ENOENT.
    const isTaken = (error as NodeJS.ErrnoException).code === 'EEXIST';
    const found = isTaken ? statSync(folder) : statSync(folder, { throwIfNoEntry: false });
    if (found?.isDirectory() !== true) throw error;
  }
}
