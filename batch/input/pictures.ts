import path from 'node:path';

/** Endings of the files that are taken for pictures. */
export const PICTURE_ENDINGS = ['jpg', 'jpeg', 'png', 'webp', 'avif', 'gif', 'bmp', 'tif', 'tiff'];

/** Whether a file's name has the ending of a picture. */
export function isPicture(name: string): boolean {
  return PICTURE_ENDINGS.includes(path.posix.extname(name).slice(1).toLowerCase());
}
