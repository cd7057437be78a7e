import { randomUUID } from 'node:crypto';
import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../errors.ts';

/** How often a process touches its lock, in milliseconds. */
const BEAT_MS = 1000;
/** A lock that was not touched for this long was left by a process that was killed. */
const STALE_MS = 10_000;

/**
 * Keeps a second process from downloading into the same folder, by a lock file. A process's id in it would not do:
 * containers that share a volume have the same ones.
 *
 * @returns releases the lock
 * @throws UserError (output-not-writable) if another process holds the lock
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const file = path.join(folder, '.fetch.lock');
  const id = randomUUID();
  const isOwner = async (): Promise<boolean> => (await readFile(file, 'utf8').catch(() => '')) === id;
  const touched = (await stat(file).catch(() => undefined))?.mtimeMs;
  const isStale = touched !== undefined && Date.now() - touched > STALE_MS;
  if (isStale) await rm(file, { force: true });
  await writeFile(file, id, { flag: 'wx' }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  });
  // Of several processes that find a stale lock, each may remove the lock of the one before: the last one has it.
  if (isStale) await sleep(BEAT_MS);
  if (!(await isOwner())) {
    throw new UserError(
      'output-not-writable',
      `Another process is downloading into ${folder}: wait until it has finished (or ${STALE_MS / 1000} s if it was ` +
        'killed), or choose another folder.',
    );
  }
  // A failing disk is reported by the download.
  const beat = setInterval(() => void utimes(file, new Date(), new Date()).catch(() => undefined), BEAT_MS);
  return async () => {
    clearInterval(beat);
    if (await isOwner()) await rm(file, { force: true });
  };
}
