/** The image formats that can be decoded. */
export type ImageFormat = 'jpeg' | 'png' | 'webp' | 'gif' | 'tiff' | 'bmp' | 'avif';

/** Their names in a sentence. */
export const IMAGE_FORMATS = 'JPEG, PNG, WebP, AVIF, GIF, BMP or TIFF';

/** Bytes at a file's start in which its format shows. An AVIF may list several brands. */
export const FORMAT_BYTES = 256;

/** Sizes of the header that follows the first 14 bytes of a BMP, from OS/2 1.x to version 5. */
const BMP_HEADERS: readonly number[] = [12, 40, 52, 56, 64, 108, 124];

/**
 * The format of an image file by its first `FORMAT_BYTES`, recognised as Pillow does. File names and content types are
 * not trusted.
 *
 * @returns undefined if it is none of them
 */
export function formatOf(bytes: Uint8Array): ImageFormat | undefined {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, FORMAT_BYTES)).toString('latin1');
  if (start.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (start.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (start.startsWith('RIFF') && start.startsWith('WEBP', 8)) return 'webp';
  if (start.startsWith('GIF87a') || start.startsWith('GIF89a')) return 'gif';
  // Classic and big TIFF, little- and big-endian.
  if (/^(II[*+]\0|MM\0[*+])/.test(start)) return 'tiff';
  if (start.startsWith('BM') && start.startsWith('\0\0\0', 15) && BMP_HEADERS.includes(start.charCodeAt(14)))
    return 'bmp';
  if (isoMediaBrands(start).some((brand) => brand === 'avif' || brand === 'avis')) return 'avif';
  return undefined;
}

/**
 * The brands that an ISO base media file (AVIF, HEIC, MP4, ...) lists at its start (ISO/IEC 14496-12, 4.3).
 *
 * @param start the first bytes as Latin-1
 * @returns an empty list for other files
 */
export function isoMediaBrands(start: string): readonly string[] {
  if (start.slice(4, 8) !== 'ftyp') return [];
  const length = Buffer.from(start.slice(0, 4), 'latin1').readUInt32BE();
  const [major, , ...compatible] = start.slice(8, Math.max(length, 12)).match(/[^]{4}/g) ?? [];
  return major === undefined ? compatible : [major, ...compatible];
}
