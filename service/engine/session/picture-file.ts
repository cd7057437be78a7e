import { randomUUID } from 'node:crypto';
import { openSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An in-memory file system, which is writable in containers with a read-only root, too. */
const MEMORY_FOLDER = '/dev/shm';

/**
 * Opens the file of a PictureStore. It is unlinked, so that it disappears with the last process that has it open.
 *
 * @param folders folders to try, in order @default /dev/shm, then the folder for temporary files
 * @returns its descriptor; undefined if no folder is writable
 */
export function openPictureFile(folders: readonly string[] = [MEMORY_FOLDER, tmpdir()]): number | undefined {
  for (const folder of folders) {
    try {
      const path = join(folder, `ofa-ve-${randomUUID()}`);
      const fd = openSync(path, 'wx+', 0o600);
      unlinkSync(path);
      return fd;
    } catch {
      continue;
    }
  }
  return undefined;
}
