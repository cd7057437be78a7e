import { randomUUID } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { isAbandoned, keepTouching, processMark } from './process-mark.ts';

/** How often a process touches its folder, in milliseconds. */
const BEAT_MS = 60_000;

/** A path for a new folder of this process, whose name says so. */
export function markedFolder(parent: string, prefix: string): string {
  return path.join(parent, `${prefix}${processMark()}-${randomUUID()}`);
}

/** Shows other processes that a marked folder is in use. @returns ends that */
export function keepMarkedFolder(folder: string): () => void {
  return keepTouching(folder, BEAT_MS);
}

/** Removes the marked folders of processes that were killed. What cannot be removed stays. */
export async function removeAbandoned(parent: string, prefix: string): Promise<void> {
  for (const name of await readdir(parent).catch(() => [])) {
    if (!name.startsWith(prefix)) continue;
    const [, mark] = /^(\d+-[0-9a-f]*(?:-\d*)?)-[0-9a-f-]{36}$/.exec(name.slice(prefix.length)) ?? [];
    if (mark === undefined) continue;
    const folder = path.join(parent, name);
    if (await isAbandoned(folder, mark, BEAT_MS)) {
      await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    }
  }
}
