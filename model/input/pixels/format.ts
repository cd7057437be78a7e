/** The formats that are decoded. */
export type ImageFormat = 'jpeg' | 'png' | 'webp' | 'gif' | 'tiff';

const latin1 = (bytes: Uint8Array, start: number, end: number): string =>
  String.fromCharCode(...bytes.subarray(start, end));

/**
 * The format that the first bytes announce, as Pillow tells them apart; nothing else is trusted (no file name, no
 * content type).
 *
 * @returns undefined where it is none of the five
 */
export function formatOf(bytes: Uint8Array): ImageFormat | undefined {
  const start = latin1(bytes, 0, 8);
  if (start.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (start === '\x89PNG\r\n\x1a\n') return 'png';
  if (start.startsWith('RIFF') && latin1(bytes, 8, 12) === 'WEBP') return 'webp';
  if (start.startsWith('GIF87a') || start.startsWith('GIF89a')) return 'gif';
  // Classic and big TIFF, little- and big-endian.
  if (/^(II[*+]\0|MM\0[*+])/.test(start)) return 'tiff';
  return undefined;
}
