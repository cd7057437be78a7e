import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../errors.ts';
import { onDisk } from './partial-file.ts';

const LOCK = '.fetch.lock';

/**
 * Keeps a second process from fetching into the same folder: both would write to the same partial files. A lock whose
 * process has ended, killed as it may be, counts for nothing.
 *
 * @returns what gives the folder free
 * @throws UserError (output-not-writable) if another process fetches into the folder
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const file = path.join(folder, LOCK);
  const release = (): Promise<void> => rm(file, { force: true });
  if (await created(file)) return release;
  const holder = Number(await readFile(file, 'utf8').catch(() => ''));
  if (isRunning(holder)) {
    throw new UserError(
      'output-not-writable',
      `${folder} is being fetched into by process ${holder}: wait for it, or remove ${file} if that is no fetch.`,
    );
  }
  await release();
  if (await created(file)) return release;
  throw new UserError(
    'output-not-writable',
    `${folder} is being fetched into by another process: wait for it.`,
  );
}

async function created(file: string): Promise<boolean> {
  return onDisk(file, () =>
    writeFile(file, String(process.pid), { flag: 'wx' }).then(
      () => true,
      (error: unknown) => {
        if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
        throw error;
      },
    ),
  );
}

/** Our own number in a lock is left from a process before us: in a container they come again. */
function isRunning(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, as somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
