import path from 'node:path';
import { glob } from 'tinyglobby';
import { UserError } from '../../model/errors.ts';

/** Endings of the files that are taken for pictures in a folder. */
const ENDINGS = ['jpg', 'jpeg', 'png', 'webp', 'avif', 'gif', 'bmp', 'tif', 'tiff'];

/**
 * Lists the pictures of a folder and of its folders, by the ending of their names.
 *
 * @param followLinks whether to look into folders that are links
 * @returns paths relative to the folder, sorted, with `/`
 * @throws UserError `input-unreadable` if there are none
 */
export async function picturesOf(folder: string, followLinks: boolean): Promise<string[]> {
  const found = await glob(`**/*.{${ENDINGS.join(',')}}`, {
    cwd: folder,
    caseSensitiveMatch: false,
    dot: true,
    followSymbolicLinks: followLinks,
  });
  if (found.length > 0) return found.sort();
  throw new UserError('input-unreadable', `The folder ${folder} has no pictures (${ENDINGS.join(', ')}).`);
}

/**
 * Lists the files that a pattern such as `photos/**\/*.jpg` matches.
 *
 * @returns paths as the pattern has them, sorted
 * @throws UserError `input-unreadable` if there are none
 */
export async function picturesMatching(pattern: string): Promise<string[]> {
  const found = await glob(pattern, { dot: true, absolute: path.isAbsolute(pattern) });
  if (found.length > 0) return found.sort();
  throw new UserError('input-unreadable', `No file matches the pattern ${pattern}.`);
}
