import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { stat, utimes } from 'node:fs/promises';

/** What was not touched for so many of its beats was left by a process that was killed. */
const STALE_BEATS = 10;

/**
 * Marks this process as the owner of a file or folder, in characters that a file name may have. A process's id would not
 * do: containers that share a volume have the same ones.
 */
export function processMark(): string {
  return `${process.pid}-${processSpace()}`;
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
 * {@link STALE_BEATS} beats. False if nothing is there.
 */
export async function isAbandoned(file: string, mark: string, beatMs: number): Promise<boolean> {
  const touched = (await stat(file).catch(() => undefined))?.mtimeMs;
  return touched !== undefined && (Date.now() - touched > staleAfter(beatMs) || hasEnded(mark));
}

/** After how many milliseconds without a touch a file or folder counts as abandoned. */
export function staleAfter(beatMs: number): number {
  return STALE_BEATS * beatMs;
}

/** Whether the process of a mark is known to have ended: its id must be of this kernel and container. */
function hasEnded(mark: string): boolean {
  const [pid = '', space] = mark.split('-');
  return space !== '' && space === processSpace() && !isRunning(Number(pid));
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
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8');
    const space = `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
    return createHash('sha256').update(space).digest('hex').slice(0, 16);
  } catch {
    return '';
  }
}
