import { mkdtemp, type open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { notWritten } from '../../model/not-written.ts';

/** Opens the files of an output; tests put one in its place that fails. */
export type OpenFile = typeof open;

/**
 * Makes a folder on the disk for files on their way into a bucket.
 *
 * @param name its beginning
 * @throws UserError `output-not-writable` or `disk-full`
 */
export async function makeUploadFolder(name: string): Promise<string> {
  const folder = tmpdir();
  return mkdtemp(path.join(folder, name)).catch((cause: unknown) => {
    throw notWritten(folder, cause);
  });
}
