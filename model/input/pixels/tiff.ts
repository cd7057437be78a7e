import { PixelsError } from './error.ts';
import { LONG, SHORT, TiffDirectory } from './tiff-directory.ts';

/** Tags that determine how samples are stored, with the names and numbers of TIFF 6.0. */
const TAGS = {
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  fillOrder: 266,
  samplesPerPixel: 277,
  planarConfiguration: 284,
  tileWidth: 322,
  extraSamples: 338,
  sampleFormat: 339,
} as const;

type TagName = keyof typeof TAGS;

// None, the three CCITT compressions, LZW, JPEG, Deflate (two numbers), PackBits: those that both decoders support.
const COMPRESSIONS: readonly number[] = [1, 2, 3, 4, 5, 7, 8, 32_773, 32_946];
const COMPRESSION_JPEG = 7;
const PHOTOMETRIC = { whiteIsZero: 0, blackIsZero: 1, rgb: 2, palette: 3, cmyk: 5, ycbcr: 6 } as const;
const SEPARATE_PLANES = 2;
const UNSIGNED = 1;
const SIGNED = 2;
const FLOAT = 3;
const ASSOCIATED_ALPHA = 1;
const UNASSOCIATED_ALPHA = 2;

/** How the samples of a TIFF are stored. For tags with several values, the first one. */
export type TiffLayout = Readonly<Record<TagName, number>> & { readonly littleEndian: boolean };

/**
 * Reads the tags of the first directory of a classic or big TIFF.
 *
 * @throws PixelsError 'corrupt' if the directory is outside the file
 */
export function readTiff(bytes: Uint8Array): TiffLayout {
  try {
    return readLayout(new TiffDirectory(bytes));
  } catch (error) {
    throw new PixelsError('corrupt', { cause: error });
  }
}

function readLayout(directory: TiffDirectory): TiffLayout {
  const values = new Map<number, number>();
  for (const entry of directory.entries()) {
    if (entry.type !== SHORT && entry.type !== LONG) continue;
    // The values of other tags may be anywhere.
    if (!Object.values<number>(TAGS).includes(entry.tag)) continue;
    values.set(entry.tag, directory.integer(entry) ?? 0);
  }
  const get = (name: TagName, fallback: number): number => values.get(TAGS[name]) ?? fallback;
  return {
    littleEndian: directory.littleEndian,
    bitsPerSample: get('bitsPerSample', 1),
    compression: get('compression', 1),
    photometric: get('photometric', -1),
    fillOrder: get('fillOrder', 1),
    samplesPerPixel: get('samplesPerPixel', 1),
    planarConfiguration: get('planarConfiguration', 1),
    tileWidth: get('tileWidth', 0),
    extraSamples: get('extraSamples', 0),
    sampleFormat: get('sampleFormat', UNSIGNED),
  };
}

/** Whether the colours are premultiplied by alpha. */
export function hasAssociatedAlpha(layout: TiffLayout): boolean {
  return (
    layout.photometric === PHOTOMETRIC.rgb && layout.samplesPerPixel === 4 && layout.extraSamples === ASSOCIATED_ALPHA
  );
}

function isKnownGray(layout: TiffLayout): boolean {
  const { bitsPerSample: bits, photometric, samplesPerPixel, sampleFormat } = layout;
  if (samplesPerPixel === 2) {
    // Without the tag, Pillow does not treat the second sample as alpha.
    return bits === 8 && layout.extraSamples === UNASSOCIATED_ALPHA && sampleFormat === UNSIGNED;
  }
  if (samplesPerPixel !== 1) return false;
  if (bits <= 8) return sampleFormat === UNSIGNED;
  if (photometric !== PHOTOMETRIC.blackIsZero) return false;
  if (bits === 16 && sampleFormat === UNSIGNED) return true;
  // Pillow misreads some big-endian varieties.
  if (!layout.littleEndian) return false;
  return bits === 32 ? sampleFormat <= FLOAT : bits === 16 && sampleFormat === SIGNED;
}

/**
 * Whether the decoder is known to agree with Pillow bit for bit on this layout. The others (Lab, half floats, 16-bit
 * planes, ...) are rare, and Pillow itself misreads or rejects many of them.
 */
export function isKnownLayout(layout: TiffLayout): boolean {
  const { bitsPerSample: bits, samplesPerPixel: samples, photometric, sampleFormat } = layout;
  if (!COMPRESSIONS.includes(layout.compression)) return false;
  if (layout.fillOrder !== 1 && bits !== 1) return false;
  if (samples > 1 && layout.planarConfiguration === SEPARATE_PLANES) {
    if (bits !== 8 || samples === 2 || layout.tileWidth > 0) return false;
  }
  switch (photometric) {
    case PHOTOMETRIC.whiteIsZero:
    case PHOTOMETRIC.blackIsZero:
      return isKnownGray(layout);
    case PHOTOMETRIC.rgb:
      if (sampleFormat !== UNSIGNED || (samples !== 3 && samples !== 4)) return false;
      return bits === 8 || (bits === 16 && !hasAssociatedAlpha(layout));
    case PHOTOMETRIC.palette:
      return samples === 1 && bits <= 8;
    case PHOTOMETRIC.cmyk:
      return samples === 4 && bits === 8;
    case PHOTOMETRIC.ycbcr:
      return layout.compression === COMPRESSION_JPEG && bits === 8;
    default:
      return false;
  }
}
