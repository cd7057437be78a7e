import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { open, readFile, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from './errors.ts';

/** How often a process touches its lock, in milliseconds. */
const BEAT_MS = 1000;
/** A lock that was not touched for this long was left by a process that was killed. */
const STALE_MS = 10_000;

/**
 * Keeps a second process from working in the same folder, by a lock file. A process's id in it would not do: containers
 * that share a volume have the same ones. Where the ids are known to be of one kernel and one container, a lock whose
 * process is gone is taken over at once; elsewhere when it has not been touched for {@link STALE_MS}.
 *
 * @param name the lock file's
 * @param doing what the holder of the lock is doing, for the message: "downloading into"
 * @returns releases the lock
 * @throws UserError (output-not-writable) if another process holds the lock; the system's error if there can be none
 */
export async function lockFolder(folder: string, name: string, doing: string): Promise<() => Promise<void>> {
  const file = path.join(folder, name);
  const id = `${randomUUID()} ${process.pid} ${processSpace()}`;
  const isOwner = async (): Promise<boolean> => (await content(file)) === id;
  const isStale = await isAbandoned(file);
  if (isStale) await rm(file, { force: true });
  await writeNew(file, id);
  // Of several processes that find a stale lock, each may remove the lock of the one before: the last one has it.
  if (isStale) await sleep(BEAT_MS);
  if (!(await isOwner())) {
    throw new UserError(
      'output-not-writable',
      `Another process is ${doing} ${folder}: wait until it has finished (or ${STALE_MS / 1000} s if it was ` +
        'killed), or choose another folder.',
    );
  }
  // A failing disk is reported by the work itself.
  const beat = setInterval(() => void utimes(file, new Date(), new Date()).catch(() => undefined), BEAT_MS);
  return async () => {
    clearInterval(beat);
    if (await isOwner()) await rm(file, { force: true });
  };
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

async function isAbandoned(file: string): Promise<boolean> {
  const touched = (await stat(file).catch(() => undefined))?.mtimeMs;
  if (touched === undefined) return false;
  if (Date.now() - touched > STALE_MS) return true;
  const [, pid = '', ...space] = (await content(file)).split(' ');
  return space.join(' ') === processSpace() && processSpace() !== '' && !isRunning(Number(pid));
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/**
 * Identifies what assigns process ids: the boot of the machine and the namespace. Empty where the system does not say.
 */
function processSpace(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return '';
  }
}
