import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
/** Attempts to remove a folder: calls that are under way, of which there are a few, may make another file in it. */
const ATTEMPTS = 10;

/**
 * Does work in a new folder beside the target, so that what is finished can be renamed into place. Whatever is still
 * there when the work ends is removed, also when a signal ends the program.
 */
export async function inScratchFolder<Result>(
  target: string,
  work: (folder: string) => Promise<Result>,
): Promise<Result> {
  const parent = path.dirname(path.resolve(target));
  const folder = path.join(parent, `.${path.basename(path.resolve(target))}.partial-${randomUUID()}`);
  const onSignal = (signal: NodeJS.Signals): void => {
    stopListening();
    removeAtOnce(folder);
    // To whoever else listens, in this turn too: the work must not find its folder gone. Else as if nobody had.
    if (!process.emit(signal, signal)) process.kill(process.pid, signal);
  };
  const stopListening = (): void => {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
  // Before there is a folder, and in the turn in which it is made: no signal comes between.
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    makeFolder(parent, folder);
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
    stopListening();
  }
}

/**
 * Lets a finished scratch folder and the one in its place change names; the old one is removed as scratch. Within one turn
 * of the event loop: a signal finds the one or the other in place.
 */
export function swapIntoPlace(folder: string, target: string): void {
  const aside = `${folder}-old`;
  renameSync(target, aside);
  try {
    renameSync(folder, target);
  } catch (error) {
    renameSync(aside, target);
    throw error;
  }
  renameSync(aside, folder);
}

function makeFolder(parent: string, folder: string): void {
  // One level only: a longer path that is missing is more likely a misspelt one.
  if (!existsSync(parent)) mkdirSync(parent);
  // Not mkdtemp, whose folders only their owner can read: a package is served by other users than its maker.
  mkdirSync(folder);
}

/** Within one turn of the event loop: between two, the work would go on making files. */
function removeAtOnce(folder: string): void {
  for (let attempt = 0; attempt < ATTEMPTS && existsSync(folder); attempt++) {
    try {
      // Its own retries would not look for new files.
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // The signal counts for more than what is left.
    }
  }
}
