import { stat } from 'node:fs/promises';
import path from 'node:path';
import { glob } from 'tinyglobby';
import { UserError } from '../../model/errors.ts';
import { notReadable, openDiskFile, type FoundFiles, type InputFile } from './file.ts';
import { isPattern } from './names.ts';
import { isS3, plainS3 } from './s3.ts';

/**
 * Finds the files of a path or an address of S3: of a folder all that are in it and its folders; those that a pattern such as
 * `photos/**\/*.jpg` matches. Hidden files of a folder are left out: macOS writes `._1.jpg` beside `1.jpg` on other disks.
 *
 * @param followLinks whether to look into folders that are links
 * @throws UserError `input-unreadable`, also for a pattern that matches nothing
 */
export async function findFiles(address: string, followLinks: boolean): Promise<FoundFiles> {
  if (isS3(address)) return (await import('./s3-file.ts')).findS3Files(address);
  const found = await stat(address).catch((cause: unknown) => {
    if (isPattern(address)) return undefined;
    throw notReadable(address, cause);
  });
  if (found === undefined) {
    const names = await glob(address, { dot: true, absolute: path.isAbsolute(address) });
    if (names.length > 0) return { kind: 'pattern', names: names.sort() };
    throw new UserError('input-unreadable', `No file matches the pattern ${address}.`);
  }
  if (!found.isDirectory()) return { kind: 'file', names: [address] };
  const names = await glob('**/*', { cwd: address, followSymbolicLinks: followLinks });
  return { kind: 'folder', names: names.sort() };
}

/** Whether there is such a folder, whose name may have the characters of a pattern. @throws UserError `input-unreadable` */
export async function isFolder(address: string): Promise<boolean> {
  if (isS3(address)) return (await import('./s3-file.ts')).isS3Folder(address);
  return (await stat(address).catch(() => undefined))?.isDirectory() ?? false;
}

/** Opens a file or object. @throws UserError `input-unreadable` */
export async function openFile(address: string): Promise<InputFile> {
  return isS3(address) ? (await import('./s3-file.ts')).openS3File(address) : openDiskFile(address);
}

/** The address of a file in a folder. */
export function inFolder(folder: string, name: string): string {
  return isS3(folder) ? `${folder.replace(/\/+$/, '')}/${name}` : path.join(folder, name);
}

/** The address of the folder that a file is in. */
export function folderOf(file: string): string {
  return isS3(file) ? file.replace(/\/[^/]*$/, '') : path.dirname(file);
}

/** An address that means the same in every working folder. */
export function absolute(address: string): string {
  return isS3(address) ? plainS3(address) : path.resolve(address);
}
