import type { open } from 'node:fs/promises';
import { UserError } from '../../model/errors.ts';
import { reasonOf } from '../../model/system-reason.ts';

/** Opens the files of an output; tests put one in its place that fails. */
export type OpenFile = typeof open;

/** The error of a file that cannot be written. */
export function notWritten(file: string, cause: unknown): UserError {
  if (cause instanceof UserError) return cause;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const isFull = code === 'ENOSPC' || code === 'EDQUOT';
  const message = `Cannot write ${file}: ${reasonOf(cause)}.`;
  return new UserError(isFull ? 'disk-full' : 'output-not-writable', message, { cause });
}
