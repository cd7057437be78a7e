import type { ImageFormat } from '../../image-format.ts';
import { transformOf } from './avif.ts';
import { readMetadata, type EmbeddedMetadata } from './embedded-metadata.ts';
import { TiffDirectory } from './tiff/directory.ts';
import type { Orientation } from './transpose.ts';

/**
 * Whether an image is turned as its metadata says, or left as its pixels are stored. Pillow turns every TIFF while it
 * decodes it, so a TIFF is upright either way.
 */
export type OrientationMode = 'upright' | 'stored';

const ORIENTATION_TAG = 274;
const EXIF_MARK = Buffer.from('Exif\0\0');
/** EXIF begins like a classic TIFF. As in Pillow, its version may have the other order of bytes. */
const EXIF_STARTS: readonly string[] = ['II*\0', 'II\0*', 'MM\0*', 'MM*\0'];

/**
 * The orientation of an image file as Pillow's `ImageOps.exif_transpose` finds it: in EXIF (for a TIFF, in its own
 * directory), or if that has none, in XMP. An orientation that cannot be read counts as 1; so does one out of range.
 */
export function orientationOf(bytes: Uint8Array, format: ImageFormat): Orientation {
  const { exif, xmp } = readMetadata(bytes, format);
  const orientation = format === 'tiff' ? fromDirectory(bytes) : exif && fromExif(exif);
  return toOrientation(orientation ?? (xmp && fromXmp(xmp)));
}

/**
 * How to turn an AVIF that was decoded without the transform of its boxes, as Pillow does: that transform takes
 * the place of an orientation in EXIF, and XMP counts where the file has neither.
 *
 * @param metadata its EXIF and XMP
 */
export function avifOrientation(
  bytes: Uint8Array,
  { exif, xmp }: EmbeddedMetadata,
  mode: OrientationMode,
): Orientation {
  if (mode === 'stored') return 1;
  const transform = transformOf(bytes);
  if (transform !== 1 || (exif && fromExif(exif)) !== undefined) return transform;
  return toOrientation(xmp && fromXmp(xmp));
}

function toOrientation(value = 1): Orientation {
  return isOrientation(value) ? value : 1;
}

function isOrientation(value: number): value is Orientation {
  return Number.isInteger(value) && value >= 1 && value <= 8;
}

/** @returns undefined if there is no orientation, NaN if it cannot be read */
function fromExif(bytes: Uint8Array): number | undefined {
  let exif = bytes;
  while (EXIF_MARK.equals(exif.subarray(0, EXIF_MARK.length))) exif = exif.subarray(EXIF_MARK.length);
  if (exif.length === 0) return undefined;
  const start = Buffer.from(exif.subarray(0, 4)).toString('latin1');
  return EXIF_STARTS.includes(start) ? fromDirectory(exif) : NaN;
}

/** @returns undefined if there is no orientation, NaN if it is not a number */
function fromDirectory(bytes: Uint8Array): number | undefined {
  let orientation: number | undefined;
  try {
    const directory = new TiffDirectory(bytes);
    for (const entry of directory.readableEntries()) {
      if (entry.tag === ORIENTATION_TAG && entry.count > 0) orientation = directory.first(entry);
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
