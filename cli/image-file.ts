import { UserError } from '../model/errors.ts';
import { readRegular } from '../model/regular-file.ts';
import { reasonOf } from '../model/system-reason.ts';

/** Reads an image file given by the user. @throws UserError `input-unreadable` */
export async function readImageFile(path: string): Promise<Uint8Array> {
  try {
    return await readRegular(path);
  } catch (cause) {
    const message = `Cannot read the image ${path}: ${reasonOf(cause)}.`;
    throw new UserError('input-unreadable', message, { cause });
  }
}
