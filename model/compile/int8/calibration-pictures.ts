import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../../errors.ts';
import { readRegular } from '../../regular-file.ts';
import { reasonOf } from '../../system-reason.ts';

/** Most pictures that are read. */
export const MAX_PICTURES = 64;

/**
 * The first files of a folder by name; hidden ones do not count.
 *
 * @throws UserError `input-unreadable` if the folder cannot be read or has no files
 */
export async function picturesIn(folder: string): Promise<string[]> {
  const refuse = (error: unknown): never => {
    throw new UserError('input-unreadable', `The calibration folder ${folder} cannot be read: ${reasonOf(error)}.`, {
      cause: error,
    });
  };
  const entries = await readdir(folder, { withFileTypes: true }).catch(refuse);
  const names = entries.filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name);
  if (names.length === 0) {
    throw new UserError('input-unreadable', `The calibration folder ${folder} has no pictures in it.`);
  }
  return names
    .sort((a, b) => (a < b ? -1 : 1))
    .slice(0, MAX_PICTURES)
    .map((name) => path.join(folder, name));
}

/** SHA-256 in hex of the pictures that calibration reads from a folder, one after another. @throws as {@link picturesIn} */
export async function sumOfPictures(folder: string): Promise<string | undefined> {
  const sum = createHash('sha256');
  for (const file of await picturesIn(folder)) {
    const bytes = await readRegular(file).catch(() => undefined);
    if (bytes === undefined) return undefined;
    sum.update(bytes);
  }
  return sum.digest('hex');
}
