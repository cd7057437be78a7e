import { randomUUID } from 'node:crypto';
import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../errors.ts';
import { onDisk } from './disk.ts';

/** How often a process touches its lock, in milliseconds. */
const BEAT_MS = 1000;
/** How long a lock must stay untouched before it counts as abandoned, in milliseconds. */
const STALE_MS = 10_000;

/**
 * Keeps a second process from downloading into the same folder, by a lock file. A lock that its process no longer
 * touches is taken over. A process's id would not do: containers that share a volume have the same ones. If the first
 * process runs on after all, as after a suspension, the SHA-256 of the files shows it.
 *
 * @param onNote called with one sentence if a lock exists, before it is known whether it is abandoned
 * @returns releases the lock
 * @throws UserError (output-not-writable) if another process holds the lock
 */
export async function lockFolder(
  folder: string,
  signal: AbortSignal,
  onNote: (note: string) => void,
): Promise<() => Promise<void>> {
  const file = path.join(folder, '.fetch.lock');
  const id = randomUUID();
  const isOwner = async (): Promise<boolean> => (await readFile(file, 'utf8').catch(() => '')) === id;
  const takeOver = async (): Promise<boolean> => {
    onNote(`Another process may be downloading into ${folder}: waiting up to ${STALE_MS / 1000} s to find out.`);
    await outlast(file, signal);
    if (!(await onDisk(folder, () => create(file, id)))) return false;
    // Another process that waited as long may have removed the new lock instead of the abandoned one.
    await sleep(BEAT_MS);
    return isOwner();
  };
  if (!(await onDisk(folder, () => create(file, id))) && !(await takeOver())) {
    throw new UserError(
      'output-not-writable',
      `Another process is downloading into ${folder}: wait until it has finished, or choose another folder.`,
    );
  }
  // A failing disk is reported by the download.
  const beat = setInterval(() => void utimes(file, new Date(), new Date()).catch(() => undefined), BEAT_MS);
  return async () => {
    clearInterval(beat);
    if (await isOwner()) await rm(file, { force: true });
  };
}

/** Creates a file; false if it exists already. */
async function create(file: string, content: string): Promise<boolean> {
  try {
    await writeFile(file, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Returns once a lock is known to be in use or is gone; removes an abandoned one. Compares the file's times only with
 * each other: another machine's clock may differ.
 */
async function outlast(file: string, signal: AbortSignal): Promise<void> {
  const modified = async (): Promise<number | undefined> => (await stat(file).catch(() => undefined))?.mtimeMs;
  const first = await modified();
  for (const end = performance.now() + STALE_MS; performance.now() < end;) {
    await sleep(BEAT_MS, undefined, { signal });
    const now = await modified();
    if (now === undefined || now !== first) return;
  }
  await rm(file, { force: true });
}
