import { open, readdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../../model/errors.ts';
import { notWritten } from '../../model/not-written.ts';
import { lockFolder, type FolderLock } from '../../model/folder-lock.ts';
import { makeFolder } from '../../model/make-folder.ts';
import { reasonOf } from '../../model/system-reason.ts';
import { openDiskFile, type InputFile } from '../storage/file.ts';

/** A folder of results, on a disk or in a bucket. */
export interface ResultFolder {
  /** As the user wrote it. */
  readonly name: string;
  /** The address of a file in it. */
  address(name: string): string;
  /** Names of the files and folders in it; none if it does not exist. @throws UserError `input-unreadable` */
  list(): Promise<ReadonlySet<string>>;
  /** @throws UserError `input-unreadable` */
  open(name: string): Promise<InputFile>;
}

/** A folder of results that a run writes into. */
export interface WritableFolder extends ResultFolder {
  /** A folder on a disk for files that are not complete. */
  readonly workFolder: string;
  /** Whether the next run finds what is in the work folder. */
  readonly keepsWork: boolean;
  /** Moves a complete file of the work folder here, so that it is there completely or not at all. */
  publish(file: string, name: string): Promise<void>;
  /** Aborts, with a UserError, when another run writes into it nevertheless. @default never */
  readonly lost?: AbortSignal;
  /** Lets other runs write into it. */
  close(): Promise<void>;
}

/** A folder on a disk. */
export function diskFolder(folder: string): ResultFolder {
  return {
    name: folder,
    address: (name) => path.join(folder, name),
    list: async () => {
      const names = await readdir(folder).catch((cause: unknown) => {
        if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
        throw new UserError('input-unreadable', `Cannot read ${folder}: ${reasonOf(cause)}.`, { cause });
      });
      return new Set(names);
    },
    open: (name) => openDiskFile(path.join(folder, name)),
  };
}

/**
 * Makes a folder on a disk, and keeps other runs from writing into it.
 *
 * @throws UserError `output-not-writable` or `disk-full`
 */
export async function writableDiskFolder(folder: string): Promise<WritableFolder> {
  const { lost, release } = await lock(folder).catch((cause: unknown) => {
    throw notWritten(folder, cause);
  });
  return {
    ...diskFolder(folder),
    workFolder: folder,
    keepsWork: true,
    publish: (file, name) => moveOnDisk(file, path.join(folder, name)),
    lost,
    close: release,
  };
}

async function lock(folder: string): Promise<FolderLock> {
  makeFolder(folder);
  return lockFolder(folder, '.batch.lock', 'writing results into');
}

/**
 * Renames a complete file, so that no crash leaves a file of that name with less in it.
 *
 * @param file synchronized and closed
 */
export async function moveOnDisk(file: string, name: string): Promise<void> {
  await rename(file, name);
  // Without this, the new name may be lost with the machine's power.
  const folder = await open(path.dirname(name)).catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}
