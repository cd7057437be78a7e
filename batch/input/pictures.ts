import path from 'node:path';
import type { ImageFormat } from '../../model/image-format.ts';

/** Endings of the files of each format, among them those by which browsers and Pillow name some. */
const ENDINGS: Readonly<Record<ImageFormat, readonly string[]>> = {
  jpeg: ['jpg', 'jpeg', 'jpe', 'jfif'],
  png: ['png', 'apng'],
  webp: ['webp'],
  avif: ['avif', 'avifs'],
  gif: ['gif'],
  bmp: ['bmp'],
  tiff: ['tif', 'tiff'],
};

/** Endings of the files that are taken for pictures. */
export const PICTURE_ENDINGS = Object.values(ENDINGS).flat();

/** Whether a file's name has the ending of a picture. */
export function isPicture(name: string): boolean {
  return PICTURE_ENDINGS.includes(path.posix.extname(name).slice(1).toLowerCase());
}
