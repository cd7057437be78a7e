import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folders: string[] = [];

/** A new empty folder. It is removed after the last test of the file. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ofa-ve-test-'));
  folders.push(folder);
  return folder;
}

/** Removes what {@link tempFolder} made: the setup of every test file calls it. */
export function removeTempFolders(): void {
  for (const folder of folders.splice(0)) {
    // With retries: a process that was just killed may still be writing.
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
