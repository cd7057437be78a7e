import { isS3 } from '../storage/s3.ts';
import { diskFolder, writableDiskFolder, type ResultFolder, type WritableFolder } from './result-folder.ts';

/** A folder of results to read, on a disk or in a bucket. */
export async function resultFolder(folder: string): Promise<ResultFolder> {
  return isS3(folder) ? (await import('./s3-folder.ts')).s3Folder(folder) : diskFolder(folder);
}

/**
 * A folder of results to write into, on a disk or in a bucket.
 *
 * @throws UserError `output-not-writable`
 */
export async function writableFolder(folder: string): Promise<WritableFolder> {
  return isS3(folder) ? (await import('./s3-folder.ts')).writableS3Folder(folder) : writableDiskFolder(folder);
}
