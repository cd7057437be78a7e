import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { z } from 'zod';

/** A process, so that another one can tell whether it still runs. */
export const processSchema = z.object({
  host: z.string(),
  pid: z.int().positive(),
  /** Where the pid is of use: the same for processes that see each other's. Undefined: not known. */
  place: z.string().optional(),
  /** When it began, in whatever unit: pids are used again. Undefined: not known. */
  started: z.string().optional(),
});
export type ProcessIdentity = z.infer<typeof processSchema>;

export async function ownIdentity(): Promise<ProcessIdentity> {
  const { pid } = process;
  const host = hostname();
  return { host, pid, place: await placeOf(host), started: await startOf(pid) };
}

/**
 * Whether a process still runs; undefined where that cannot be known from here, as of one in another container.
 *
 * @param own what {@link ownIdentity} says
 */
export async function isRunning(
  { pid, place, started }: ProcessIdentity,
  own: ProcessIdentity,
): Promise<boolean | undefined> {
  if (place === undefined || place !== own.place) return undefined;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs, as somebody else.
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
  }
  const found = await startOf(pid);
  return found === undefined || started === undefined || found === started;
}

/** Containers on one machine count their processes apart, and may share its name: each first one has the pid 1. */
async function placeOf(host: string): Promise<string | undefined> {
  if (process.platform !== 'linux') return host;
  try {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    return [host, boot.trim(), await readlink('/proc/self/ns/pid')].join(' ');
  } catch {
    return undefined;
  }
}

/** When a process began, in ticks since the machine did; `ended` for one that only its parent does not yet know dead. */
async function startOf(pid: number): Promise<string | undefined> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The second field is the program's name in brackets, which may hold anything.
  const [state, ...fields] = status.slice(status.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' || state === 'X' ? 'ended' : fields[18];
}
