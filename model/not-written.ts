import { UserError } from './errors.ts';
import { isDiskFull, reasonOf } from './system-reason.ts';

/** The error of a file that cannot be written. */
export function notWritten(file: string, cause: unknown): UserError {
  if (cause instanceof UserError) return cause;
  const message = `Cannot write ${file}: ${reasonOf(cause)}.`;
  return new UserError(isDiskFull(cause) ? 'disk-full' : 'output-not-writable', message, { cause });
}

/** A failure of the file system as the error of a file that cannot be written; any other error as it is. */
export function orNotWritten(file: string, error: unknown): unknown {
  return error instanceof Error && 'syscall' in error ? notWritten(file, error) : error;
}
