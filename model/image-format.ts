/** The image formats that can be decoded. */
export type ImageFormat = 'jpeg' | 'png' | 'webp' | 'gif' | 'tiff';

/**
 * The format of an image file by its first 12 bytes, recognised as Pillow does. File names and content types are not
 * trusted.
 *
 * @returns undefined if it is none of the five
 */
export function formatOf(bytes: Uint8Array): ImageFormat | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, 12));
  if (start.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (start.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (start.startsWith('RIFF') && start.slice(8) === 'WEBP') return 'webp';
  if (start.startsWith('GIF87a') || start.startsWith('GIF89a')) return 'gif';
  // Classic and big TIFF, little- and big-endian.
  if (/^(II[*+]\0|MM\0[*+])/.test(start)) return 'tiff';
  return undefined;
}
