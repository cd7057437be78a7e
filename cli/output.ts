import { reasonOf } from '../model/system-reason.ts';

/**
 * Lets a command finish when what it prints cannot be written: silently if the reader has left, as `head` does,
 * and otherwise with a sentence and the exit code of a failure. Node.js would end it with a stack trace.
 */
export function outliveOutput(): void {
  process.stderr.on('error', () => undefined);
  let isReported = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || isReported) return;
    isReported = true;
    process.exitCode = 1;
    console.error(`The output cannot be written: ${reasonOf(error)}.`);
  });
}
