import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { stat, utimes } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** What was not touched for so many of its beats was left by a process that was killed. */
const STALE_BEATS = 10;

/**
 * Marks this process as the owner of a file or folder, in characters that a file name may have. A process's id would not
 * do: containers that share a volume have the same ones, and the system gives one to several processes in turn.
 */
export function processMark(): string {
  return `${process.pid}-${processSpace()}-${startOf(process.pid) ?? ''}`;
}

/**
 * Touches a file or folder now and then, so that other processes see that it is in use.
 *
 * @param beatMs how often, in milliseconds
 * @returns stops it
 */
export function keepTouching(file: string, beatMs: number): () => void {
  // Where touching fails, as on a failing disk, the work itself reports it.
  const beat = setInterval(() => void utimes(file, new Date(), new Date()).catch(() => undefined), beatMs);
  return () => {
    clearInterval(beat);
  };
}

/**
 * Whether the process that marked a file or folder was killed: it is known to have ended, or has not touched it for
 * {@link STALE_BEATS} beats and is not known to run, as a stopped one does. False if nothing is there.
 */
export async function isAbandoned(file: string, mark: string, beatMs: number): Promise<boolean> {
  const touched = (await stat(file).catch(() => undefined))?.mtimeMs;
  if (touched === undefined) return false;
  const isRunning = runs(mark);
  if (isRunning !== undefined) return !isRunning;
  const age = Date.now() - touched;
  if (age >= -staleAfter(beatMs)) return age > staleAfter(beatMs);
  // Its clock is ahead of this one, or was, so that only a touch tells whether it runs.
  await sleep(3 * beatMs);
  return (await stat(file).catch(() => undefined))?.mtimeMs === touched;
}

/** After how many milliseconds without a touch a file or folder counts as abandoned. */
export function staleAfter(beatMs: number): number {
  return STALE_BEATS * beatMs;
}

/** Whether the process of a mark runs; undefined if that is not known: its id must be of this kernel and container. */
function runs(mark: string): boolean | undefined {
  const [id = '', space, start] = mark.split('-');
  if (space === undefined || space === '' || space !== processSpace()) return undefined;
  const pid = Number(id);
  if (!exists(pid)) return false;
  // Another process may have its id now, and one that has ended keeps it until its parent asks how.
  return start !== undefined && start !== '' && startOf(pid) === start ? true : undefined;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** When a process was started, in ticks of the kernel's clock; undefined if it has ended or the system does not say. */
function startOf(pid: number): string | undefined {
  try {
    // Its name, in parentheses, may have any characters.
    const [state, ...fields] = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return state === 'Z' || state === 'X' ? undefined : fields[18];
  } catch {
    return undefined;
  }
}

/**
 * Identifies what assigns process ids: the boot of the machine and the namespace. Empty where the system does not say.
 */
function processSpace(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8');
    const space = `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
    return createHash('sha256').update(space).digest('hex').slice(0, 16);
  } catch {
    return '';
  }
}
