import { statfs } from 'node:fs/promises';
import { UserError } from '../errors.ts';
import { reasonOf } from '../system-reason.ts';

/**
 * Runs file system calls, and turns their errors into sentences.
 *
 * @param access what is done with the target
 * @throws UserError (disk-full, output-not-writable)
 */
export async function onDisk<T>(
  target: string,
  work: () => Promise<T>,
  access: 'written' | 'read' = 'written',
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    const full = 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
    const advice = full ? '; free some space and run the same command again' : '';
    throw new UserError(
      full ? 'disk-full' : 'output-not-writable',
      `${target} cannot be ${access}: ${reasonOf(error)}${advice}.`,
      { cause: error },
    );
  }
}

/**
 * Checks for free space before a download, so that it does not fail at its end.
 *
 * @throws UserError (disk-full)
 */
export async function checkSpace(folder: string, needed: number): Promise<void> {
  const { bavail, bsize } = await onDisk(folder, () => statfs(folder));
  const free = bavail * bsize;
  if (needed <= free) return;
  const megabytes = (bytes: number): number => Math.ceil(bytes / 1e6);
  throw new UserError(
    'disk-full',
    `The disk of ${folder} has ${megabytes(free)} MB free, but ${megabytes(needed)} MB more are needed: ` +
      'free some space, or choose another folder.',
  );
}
