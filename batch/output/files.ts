import type { open } from 'node:fs/promises';
import { UserError } from '../../model/errors.ts';
import { isDiskFull, reasonOf } from '../../model/system-reason.ts';

/** Opens the files of an output; tests put one in its place that fails. */
export type OpenFile = typeof open;

/** The error of a file that cannot be written. */
export function notWritten(file: string, cause: unknown): UserError {
  if (cause instanceof UserError) return cause;
  const message = `Cannot write ${file}: ${reasonOf(cause)}.`;
  return new UserError(isDiskFull(cause) ? 'disk-full' : 'output-not-writable', message, { cause });
}
