import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { keepMarkedFolder, markedFolder, removeAbandoned } from '../marked-folder.ts';
import { TERMINATION_SIGNALS } from '../termination-signals.ts';

/** Characters of the target's name in that of its scratch folder: a name may have 255 bytes, or four for each of them. */
const NAME_LENGTH = 40;
/** Attempts to remove a folder: a few pending file system calls may still create files in it. */
const ATTEMPTS = 10;

/**
 * Runs `work` with a new folder next to the target, so that the result can be renamed into place. Whatever is left of
 * the folder is removed afterwards, also when a signal ends the process; where that could not be, as for SIGKILL or a loss
 * of power, by the next process that makes a folder for the same target.
 */
export async function inScratchFolder<Result>(
  target: string,
  work: (folder: string) => Promise<Result>,
): Promise<Result> {
  const parent = path.dirname(path.resolve(target));
  const name = path.basename(path.resolve(target)).slice(0, NAME_LENGTH).toWellFormed();
  const prefix = `.${name}.partial-`;
  await removeAbandoned(parent, prefix);
  const folder = markedFolder(parent, prefix);
  const onSignal = (signal: NodeJS.Signals): void => {
    stopListening();
    removeAtOnce(folder);
    // Other listeners must run in this turn, before the work can notice that its folder is gone. Without any, end the
    // process.
    if (!process.emit(signal, signal)) process.kill(process.pid, signal);
  };
  const stopListening = (): void => {
    for (const signal of TERMINATION_SIGNALS) process.off(signal, onSignal);
  };
  let stopTouching: (() => void) | undefined;
  // Listen before the folder exists, and create it in the same turn, so that no signal can arrive in between.
  for (const signal of TERMINATION_SIGNALS) process.on(signal, onSignal);
  try {
    // One level only: a longer missing path is probably a typo.
    if (!existsSync(parent)) mkdirSync(parent);
    // Not mkdtemp, whose folders only their owner can read: a package may be served by another user.
    mkdirSync(folder);
    stopTouching = keepMarkedFolder(folder);
    return await work(folder);
  } finally {
    stopTouching?.();
    await rm(folder, { recursive: true, force: true });
    stopListening();
  }
}

/**
 * Swaps a finished scratch folder and the existing target, which is then removed as scratch. Synchronous, so that a
 * signal finds one or the other in place.
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

/** Synchronous: otherwise the work would continue to create files. */
function removeAtOnce(folder: string): void {
  for (let attempt = 0; attempt < ATTEMPTS && existsSync(folder); attempt++) {
    try {
      // Its option maxRetries would not find new files.
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // Ending on the signal is more important than what is left.
    }
  }
}
