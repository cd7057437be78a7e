import { mkdir, rm, type open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { keepMarkedFolder, markedFolder, removeAbandoned } from '../../model/marked-folder.ts';
import { notWritten } from '../../model/not-written.ts';

/** Opens the files of an output; tests put one in its place that fails. */
export type OpenFile = typeof open;

/** A folder on the disk for files on their way into a bucket. */
interface UploadFolder {
  readonly folder: string;
  readonly remove: () => Promise<void>;
}

/**
 * Makes a folder on the disk for files on their way into a bucket, and removes those that killed processes have left.
 *
 * @param name its beginning
 * @throws UserError `output-not-writable` or `disk-full`
 */
export async function makeUploadFolder(name: string): Promise<UploadFolder> {
  const parent = tmpdir();
  await removeAbandoned(parent, name);
  const folder = markedFolder(parent, name);
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    throw notWritten(parent, error);
  }
  const stopTouching = keepMarkedFolder(folder);
  return {
    folder,
    remove: async () => {
      stopTouching();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
