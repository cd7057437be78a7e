import { readFile } from 'node:fs/promises';
import { UserError } from '../model/errors.ts';

/** Reads an image file given by the user. @throws UserError `input-unreadable` */
export async function readImageFile(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    const message = `Cannot read the image ${path} (${code}); give a file that exists.`;
    throw new UserError('input-unreadable', message, { cause });
  }
}
