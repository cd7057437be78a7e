import { open, rename } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../../model/errors.ts';
import { reasonOf } from '../../model/system-reason.ts';

/** Opens the files of an output; tests put one in its place that fails. */
export type OpenFile = typeof open;

/**
 * Gives a file that is complete its name, so that no crash leaves a file of that name with less in it.
 *
 * @param file synchronized and closed
 */
export async function publish(file: string, name: string): Promise<void> {
  await rename(file, name);
  // Without this, the new name may be lost with the machine's power.
  const folder = await open(path.dirname(name)).catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

/** Writes a small file that is there completely or not at all. */
export async function writeWhole(name: string, content: string): Promise<void> {
  const file = `${name}.partial`;
  const handle = await open(file, 'w');
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await publish(file, name);
}

/** The error of a file that cannot be written. */
export function notWritten(file: string, cause: unknown): UserError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const isFull = code === 'ENOSPC' || code === 'EDQUOT';
  const message = `Cannot write ${file}: ${reasonOf(cause)}.`;
  return new UserError(isFull ? 'disk-full' : 'output-not-writable', message, { cause });
}
