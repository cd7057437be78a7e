import type { ImageFormat } from '../../image-format.ts';
import { readMetadata } from './embedded-metadata.ts';
import { TiffDirectory } from './tiff-directory.ts';

/**
 * Whether an image is turned as its metadata says, or left as its pixels are stored. Pillow turns every TIFF while it
 * decodes it, so a TIFF is upright either way.
 */
export type OrientationMode = 'upright' | 'stored';

/** An orientation of TIFF 6.0 and EXIF: where the first row and column of the stored pixels belong. 1 is upright. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

const ORIENTATION_TAG = 274;
const EXIF_MARK = Buffer.from('Exif\0\0');

/**
 * The orientation of an image file as Pillow's `ImageOps.exif_transpose` finds it: in EXIF (for a TIFF, in its own
 * directory), or if that has none, in XMP. An orientation that cannot be read counts as 1; so does one out of range.
 */
export function orientationOf(bytes: Uint8Array, format: ImageFormat): Orientation {
  const { exif, xmp } = readMetadata(bytes, format);
  const directory = format === 'tiff' ? bytes : exif;
  const value = (directory && fromDirectory(directory)) ?? (xmp && fromXmp(xmp)) ?? 1;
  return isOrientation(value) ? value : 1;
}

function isOrientation(value: number): value is Orientation {
  return Number.isInteger(value) && value >= 1 && value <= 8;
}

/** @returns undefined if there is no orientation */
function fromDirectory(bytes: Uint8Array): number | undefined {
  let exif = bytes;
  while (EXIF_MARK.equals(exif.subarray(0, EXIF_MARK.length))) exif = exif.subarray(EXIF_MARK.length);
  let orientation: number | undefined;
  try {
    const directory = new TiffDirectory(exif);
    for (const entry of directory.entries()) {
      if (entry.tag === ORIENTATION_TAG && entry.count > 0) orientation = directory.integer(entry) ?? 1;
    }
  } catch (error) {
    // The directory is truncated. Pillow too keeps what was read before.
    if (!(error instanceof RangeError)) throw error;
  }
  return orientation;
}

function fromXmp(xmp: Uint8Array): number | undefined {
  const [, digit] = /tiff:Orientation(?:="|>)([0-9])/.exec(Buffer.from(xmp).toString('latin1')) ?? [];
  return digit === undefined ? undefined : Number(digit);
}
