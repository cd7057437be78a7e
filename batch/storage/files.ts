import { stat } from 'node:fs/promises';
import path from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { UserError } from '../../model/errors.ts';
import { notReadable, openDiskFile, type InputFile } from './file.ts';

/** What an address that a user gives stands for. */
export interface FoundFiles {
  readonly kind: 'file' | 'folder' | 'pattern';
  /** The files' names in order; those of a folder are relative to it. */
  readonly names: readonly string[];
}

/**
 * Finds the files of a path: of a folder all that are in it and its folders; those that a pattern such as
 * `photos/**\/*.jpg` matches.
 *
 * @param followLinks whether to look into folders that are links
 * @throws UserError `input-unreadable`, also for a pattern that matches nothing
 */
export async function findFiles(address: string, followLinks: boolean): Promise<FoundFiles> {
  const found = await stat(address).catch((cause: unknown) => {
    if (isDynamicPattern(address)) return undefined;
    throw notReadable(address, cause);
  });
  if (found === undefined) {
    const names = await glob(address, { dot: true, absolute: path.isAbsolute(address) });
    if (names.length > 0) return { kind: 'pattern', names: names.sort() };
    throw new UserError('input-unreadable', `No file matches the pattern ${address}.`);
  }
  if (!found.isDirectory()) return { kind: 'file', names: [address] };
  const names = await glob('**/*', { cwd: address, dot: true, followSymbolicLinks: followLinks });
  return { kind: 'folder', names: names.sort() };
}

/** Opens a file. @throws UserError `input-unreadable` */
export function openFile(address: string): Promise<InputFile> {
  return openDiskFile(address);
}
