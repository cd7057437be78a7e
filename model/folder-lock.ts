import { randomUUID } from 'node:crypto';
import { open, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from './errors.ts';
import { isAbandoned, keepTouching, processMark, staleAfter } from './process-mark.ts';

/** How often a process touches its lock, in milliseconds. */
const BEAT_MS = 1000;

/** A folder that no other process works in. */
export interface FolderLock {
  /**
   * Aborts, with a UserError, when another process has taken the lock over: it had not been touched for long, as the
   * machine was suspended, or several processes found it abandoned at once.
   */
  readonly lost: AbortSignal;
  readonly release: () => Promise<void>;
}

/**
 * Keeps a second process from working in the same folder, by a lock file. One whose process is known to have
 * ended is taken over at once, any other that is not known to run when it has not been touched for ten seconds.
 *
 * @param name the lock file's
 * @param doing what the holder of the lock is doing, for the message: "downloading into"
 * @throws UserError (output-not-writable) if another process holds the lock; the system's error if there can be none
 */
export async function lockFolder(folder: string, name: string, doing: string): Promise<FolderLock> {
  const file = path.join(folder, name);
  const id = `${randomUUID()} ${processMark()}`;
  const isOwner = async (): Promise<boolean> => (await content(file)) === id;
  const [, mark = ''] = (await content(file)).split(' ');
  const isStale = await isAbandoned(file, mark, BEAT_MS);
  if (isStale) await rm(file, { force: true });
  await writeNew(file, id);
  // Of several processes that find a stale lock, each may remove the lock of the one before: the last one has it.
  if (isStale) await sleep(BEAT_MS);
  if (!(await isOwner())) {
    throw new UserError(
      'output-not-writable',
      `Another process is ${doing} ${folder}: wait until it has finished (or ${staleAfter(BEAT_MS) / 1000} s if it was ` +
        'killed), or choose another folder.',
    );
  }
  const lost = new AbortController();
  const stopTouching = keepTouching(file, BEAT_MS);
  // Not what cannot be read, as on a failing disk: the work itself reports that.
  const check = async (): Promise<void> => {
    if (['', id].includes(await content(file))) return;
    stop();
    lost.abort(taken(folder, doing));
  };
  const checking = setInterval(() => void check(), BEAT_MS);
  const stop = (): void => {
    stopTouching();
    clearInterval(checking);
  };
  return {
    lost: lost.signal,
    release: async () => {
      stop();
      if (await isOwner()) await rm(file, { force: true });
    },
  };
}

function taken(folder: string, doing: string): UserError {
  const message = `Another process is ${doing} ${folder} now, since this one stood still for long: wait until it has finished.`;
  return new UserError('output-not-writable', message);
}

/** Writes a file unless there is one. On a full disk, where it can be made but not written, nothing is left of it. */
async function writeNew(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  });
  try {
    await handle?.writeFile(text);
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  } finally {
    await handle?.close();
  }
}

function content(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}
