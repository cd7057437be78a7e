import { randomUUID } from 'node:crypto';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../errors.ts';
import { onDisk } from './partial-file.ts';
import { isRunning, ownIdentity, type ProcessIdentity, processSchema } from './process-identity.ts';

/** How long things may take, in milliseconds. */
export interface LockTimes {
  /** How often a claim shows that its process lives. */
  readonly beatMs: number;
  /** After how long without that a process of another machine or container counts as ended. */
  readonly silentMs: number;
  /** How long one of several processes that begin at the same time waits for the others to give way. */
  readonly patienceMs: number;
}

export const LOCK_TIMES: LockTimes = { beatMs: 2000, silentMs: 60_000, patienceMs: 10_000 };

const POLL_MS = 20;
/** The time at which it was made, so that claims sort by age, and what no other claim has. */
const CLAIM = /^\.fetch-\d+-[0-9a-f-]+\.lock$/;

/** A process that may be fetching into the folder. */
interface Claim {
  readonly name: string;
  /** Undefined: it is just being written, or not ours to read. */
  readonly owner: ProcessIdentity | undefined;
  /** Whether that it has not ended is known, and not only told by its signs of life. */
  readonly seen: boolean;
}

/**
 * Keeps a second process from fetching into the same folder: both would write to the same partial files. Each lays
 * down a claim of its own and then looks for others, so that of two at least one sees the other; a claim whose name is
 * never used again can be removed by whoever finds its process ended, killed as it may be.
 *
 * @param onLost called if the claim was removed as if this process had ended, such as while it was suspended
 * @returns what gives the folder free
 * @throws UserError (output-not-writable) if another process fetches into the folder
 */
export async function lockFolder(
  folder: string,
  onLost: (error: UserError) => void,
  times: LockTimes = LOCK_TIMES,
): Promise<() => Promise<void>> {
  const own = await ownIdentity();
  const name = `.fetch-${Date.now()}-${randomUUID()}.lock`;
  const file = path.join(folder, name);
  const text = JSON.stringify(own);
  await onDisk(folder, () => writeFile(file, text, { flag: 'wx' }));
  const end = new AbortController();
  void beat(file, text, times.beatMs, end.signal).then((lost) => {
    if (!lost) return;
    onLost(
      new UserError(
        'output-not-writable',
        `${file} was removed, as another process does where this one shows no life for ${times.silentMs / 1000} s: ` +
          'if no other one fetches into the folder, run the same command again.',
      ),
    );
  });
  const release = async (): Promise<void> => {
    end.abort();
    await rm(file, { force: true });
  };
  try {
    await outlast(folder, name, own, times);
  } catch (error) {
    await release();
    throw error;
  }
  return release;
}

/** Returns once there is no other claim. */
async function outlast(folder: string, name: string, own: ProcessIdentity, times: LockTimes): Promise<void> {
  const until = performance.now() + times.patienceMs;
  for (;;) {
    const [first] = await onDisk(folder, () => otherClaims(folder, name, own, times.silentMs));
    if (first === undefined) return;
    // Later claims give way to this one, but for those that had found no other, where clocks differ.
    if (first.name < name || performance.now() > until) throw taken(folder, first, times.silentMs);
    await sleep(POLL_MS);
  }
}

/** The others' claims, the oldest first; those of processes that have ended are removed. */
async function otherClaims(
  folder: string,
  name: string,
  own: ProcessIdentity,
  silentMs: number,
): Promise<Claim[]> {
  const names = (await readdir(folder)).filter((each) => CLAIM.test(each) && each !== name);
  // The file system's time and not this machine's, whose clock may be another.
  const now = (await stat(path.join(folder, name))).mtimeMs;
  const claims: Claim[] = [];
  for (const other of names.sort()) {
    const file = path.join(folder, other);
    const owner = await readOwner(file);
    const running = owner === undefined ? undefined : await isRunning(owner, own);
    const beaten = await lastBeat(file);
    if (beaten === undefined) continue;
    if (running ?? now - beaten <= silentMs) claims.push({ name: other, owner, seen: running === true });
    else await rm(file, { force: true });
  }
  return claims;
}

async function readOwner(file: string): Promise<ProcessIdentity | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  try {
    return processSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** When a claim showed life last; undefined if it is gone. */
async function lastBeat(file: string): Promise<number | undefined> {
  return stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    (error: unknown) => {
      if (isMissing(error)) return undefined;
      throw error;
    },
  );
}

/**
 * Shows every now and then that this process lives, by writing what the claim holds already.
 *
 * @returns at the end; whether it came because the claim is gone
 */
async function beat(file: string, text: string, everyMs: number, end: AbortSignal): Promise<boolean> {
  for (;;) {
    try {
      await sleep(everyMs, undefined, { signal: end, ref: false });
      await writeFile(file, text, { flag: 'r+' });
    } catch (error) {
      if (end.aborted) return false;
      if (isMissing(error)) return true;
      // A disk that fails for now, or is full: the next time, perhaps.
    }
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function taken(folder: string, { name, owner, seen }: Claim, silentMs: number): UserError {
  const file = path.join(folder, name);
  const who =
    owner === undefined ? 'another process' : `process ${owner.pid}${seen ? '' : ` on ${owner.host}`}`;
  const advice = seen
    ? `remove ${file} if that is no fetch`
    : `if that was killed, its claim ends after ${silentMs / 1000} s`;
  return new UserError(
    'output-not-writable',
    `${folder} is being fetched into by ${who}: wait for it; ${advice}.`,
  );
}
