import { unsupported } from '../error.ts';
import { COMPRESSION, isExpandable } from './decompress.ts';
import { PHOTOMETRIC, type TiffLayout } from './layout.ts';
import { isPredictable } from './predictor.ts';

const UNSIGNED = 1;
const SIGNED = 2;
const FLOAT = 3;
/** Most strips and tiles, so that they do not cost more time than the pixels. */
const MAX_BLOCKS = 65_536;

/**
 * What the samples of a pixel are. `levels` are gray or indices of a palette, with up to 8 bits; `gray` has more bits.
 * Samples past those of the colour do not count, except the alpha of `premultiplied`.
 */
type Color = 'levels' | 'gray' | 'rgb' | 'premultiplied' | 'cmyk' | 'lab' | 'ycbcr';

/** A variety of TIFF that is decoded. */
export interface Variety {
  readonly color: Color;
  /** Bits of each sample. */
  readonly bits: number;
  /** Samples of a pixel, those that do not count included. */
  readonly samples: number;
  readonly isSigned: boolean;
  readonly isFloat: boolean;
  /** Whether only libtiff has the decompressor, which is part of the image decoder. */
  readonly needsLibtiff: boolean;
}

/** Bits and samples such as '8x3', and what the samples past the colours are, such as '2,0'. */
type Known = readonly [
  photometric: number,
  format: number,
  bits: readonly string[],
  extras: readonly string[],
  color: Color,
  restriction?: 'little-endian' | 'reversible' | 'reversible if little-endian',
];

const { whiteIsZero, blackIsZero, rgb, palette, cmyk, ycbcr, lab } = PHOTOMETRIC;
const LEVELS = ['1x1', '2x1', '4x1', '8x1'];
const NONE = [''];

/**
 * The varieties that Pillow 12.3 reads (`OPEN_INFO` in its `TiffImagePlugin`). Extra samples of kind 1 are alpha that
 * is multiplied in, 2 alpha that is not, 999 what Corel Draw 10 writes, and 0 anything. 'Reversible' are those whose
 * bits may be stored in reverse (FillOrder 2).
 */
const KNOWN: readonly Known[] = [
  [whiteIsZero, UNSIGNED, LEVELS, NONE, 'levels', 'reversible'],
  [blackIsZero, UNSIGNED, LEVELS, NONE, 'levels', 'reversible'],
  [blackIsZero, SIGNED, ['8x1'], NONE, 'levels'],
  [blackIsZero, UNSIGNED, ['8x2'], ['2'], 'levels'],
  [whiteIsZero, UNSIGNED, ['16x1'], NONE, 'gray', 'little-endian'],
  [blackIsZero, UNSIGNED, ['16x1'], NONE, 'gray', 'reversible if little-endian'],
  [blackIsZero, UNSIGNED, ['12x1', '32x1'], NONE, 'gray', 'little-endian'],
  [blackIsZero, SIGNED, ['16x1', '32x1'], NONE, 'gray'],
  [whiteIsZero, FLOAT, ['32x1'], NONE, 'gray'],
  [blackIsZero, FLOAT, ['32x1'], NONE, 'gray'],
  [palette, UNSIGNED, LEVELS, NONE, 'levels', 'reversible'],
  [palette, UNSIGNED, ['8x2'], ['0', '2'], 'levels'],
  [rgb, UNSIGNED, ['8x3'], NONE, 'rgb', 'reversible'],
  [rgb, UNSIGNED, ['8x4'], ['', '0', '2', '999'], 'rgb'],
  [rgb, UNSIGNED, ['8x5'], ['0,0', '2,0'], 'rgb'],
  [rgb, UNSIGNED, ['8x6'], ['0,0,0', '2,0,0'], 'rgb'],
  [rgb, UNSIGNED, ['16x3'], NONE, 'rgb'],
  [rgb, UNSIGNED, ['16x4'], ['', '0', '2'], 'rgb'],
  [rgb, UNSIGNED, ['8x4', '16x4'], ['1'], 'premultiplied'],
  [rgb, UNSIGNED, ['8x5'], ['1,0'], 'premultiplied'],
  [rgb, UNSIGNED, ['8x6'], ['1,0,0'], 'premultiplied'],
  [cmyk, UNSIGNED, ['8x4', '16x4'], NONE, 'cmyk'],
  [cmyk, UNSIGNED, ['8x5'], ['0'], 'cmyk'],
  [cmyk, UNSIGNED, ['8x6'], ['0,0'], 'cmyk'],
  [ycbcr, UNSIGNED, ['8x3'], NONE, 'ycbcr'],
  [lab, UNSIGNED, ['8x3'], NONE, 'lab'],
];

/**
 * Finds out how to decode a TIFF.
 *
 * @throws PixelsError 'unsupported' if Pillow does not read the variety either, or if no decoder here does
 */
export function varietyOf(layout: TiffLayout): Variety {
  const [bits = 1] = layout.bits;
  const [format = UNSIGNED] = layout.sampleFormats;
  const color = colorOf(layout);
  const needsLibtiff = !isExpandable(layout.compression);
  const variety = color && {
    color,
    bits,
    samples: layout.bits.length,
    isSigned: format === SIGNED,
    isFloat: format === FLOAT,
    needsLibtiff,
  };
  if (variety === undefined || !(needsLibtiff ? isKnownToLibtiff(layout, variety) : isDecodable(layout, variety))) {
    throw unsupported({ name: describe(layout), instead: 'send it as PNG, or as TIFF with 8-bit RGB' });
  }
  if (countBlocks(layout) > MAX_BLOCKS) {
    throw unsupported({
      name: `a TIFF of more than ${MAX_BLOCKS} strips or tiles`,
      instead: 'send it as PNG, or with larger tiles',
    });
  }
  return variety;
}

function colorOf(layout: TiffLayout): Color | undefined {
  const { photometric, extraSamples, sampleFormats, littleEndian, reversesBits } = layout;
  const [first = 0] = layout.bits;
  if (sampleFormats.length > 1 || layout.bits.some((bits) => bits !== first)) return undefined;
  const known = KNOWN.find(
    ([itsPhotometric, format, bits, extras]) =>
      itsPhotometric === photometric &&
      format === sampleFormats[0] &&
      bits.includes(`${first}x${layout.bits.length}`) &&
      extras.includes(extraSamples.join()),
  );
  if (known === undefined) return undefined;
  const [, , , , color, restriction] = known;
  if (!littleEndian && restriction === 'little-endian') return undefined;
  const isReversible = restriction === 'reversible' || (restriction === 'reversible if little-endian' && littleEndian);
  return reversesBits && !isReversible ? undefined : color;
}

const SUBSAMPLINGS = ['1,1', '1,2', '2,1', '2,2', '4,1', '4,2', '4,4'];

function isDecodable(layout: TiffLayout, { color, bits, isFloat }: Variety): boolean {
  const { predictor, separate, subsampling } = layout;
  if (!isPredictable(predictor, bits, isFloat)) return false;
  if (color !== 'ycbcr') return true;
  const isSubsampled = subsampling[0] > 1 || subsampling[1] > 1;
  return SUBSAMPLINGS.includes(subsampling.join()) && !(isSubsampled && (separate || predictor > 1));
}

/** Whether the image decoder, with libtiff, is known to agree with Pillow. */
function isKnownToLibtiff(layout: TiffLayout, { color, bits, samples, isSigned }: Variety): boolean {
  switch (layout.compression) {
    case COMPRESSION.ccittRunLength:
    case COMPRESSION.ccittWords:
    case COMPRESSION.group3:
    case COMPRESSION.group4:
      return bits === 1;
    case COMPRESSION.jpeg:
      if (bits !== 8 || isSigned || color === 'premultiplied' || color === 'lab' || samples > 4) return false;
      // In tiles, it has no alpha and no palette.
      if (layout.isTiled && (samples === 2 || (samples === 4 && color === 'rgb'))) return false;
      if (layout.isTiled && layout.photometric === palette) return false;
      return !layout.separate || samples === 1 || (samples > 2 && !layout.isTiled);
    default:
      return false;
  }
}

function countBlocks({ width, height, blockWidth, blockHeight, separate, bits }: TiffLayout): number {
  return Math.ceil(width / blockWidth) * Math.ceil(height / blockHeight) * (separate ? bits.length : 1);
}

const COLOR_NAMES: Readonly<Record<number, string>> = {
  [whiteIsZero]: 'gray',
  [blackIsZero]: 'gray',
  [rgb]: 'RGB',
  [palette]: 'palette',
  4: 'mask',
  [cmyk]: 'CMYK',
  [ycbcr]: 'YCbCr',
  [lab]: 'Lab',
  9: 'ICC Lab',
  10: 'ITU Lab',
  32_803: 'camera raw',
  32_844: 'LogL',
  32_845: 'LogLuv',
};
const COMPRESSION_NAMES: Readonly<Record<number, string>> = {
  6: 'old JPEG',
  [COMPRESSION.jpeg]: 'JPEG',
  9: 'JBIG',
  10: 'JBIG',
  32_809: 'ThunderScan',
  33_003: 'JPEG 2000',
  33_005: 'JPEG 2000',
  34_676: 'SGI Log',
  34_677: 'SGI Log',
  34_712: 'JPEG 2000',
  34_887: 'LERC',
  34_892: 'lossy JPEG',
  50_001: 'WebP',
  50_002: 'JPEG XL',
  52_546: 'JPEG XL',
};
const FORMAT_NAMES: Readonly<Record<number, string>> = { [UNSIGNED]: '', [SIGNED]: 'signed ', [FLOAT]: 'float ' };

/** Names the variety, such as 'a TIFF of 64-bit float gray (3 samples, separate planes, compressed with LERC)'. */
function describe(layout: TiffLayout): string {
  const { bits, sampleFormats, photometric, compression, predictor } = layout;
  const format = FORMAT_NAMES[sampleFormats[0] ?? UNSIGNED] ?? 'complex ';
  const compressionName = COMPRESSION_NAMES[compression] ?? `method ${compression}`;
  const details = [
    `${bits.length} ${bits.length === 1 ? 'sample' : 'samples'}`,
    ...(layout.littleEndian ? [] : ['big-endian']),
    ...(layout.separate ? ['in separate planes'] : []),
    ...(layout.isTiled && compression === COMPRESSION.jpeg ? ['in tiles'] : []),
    ...(layout.reversesBits ? ['with reversed bits'] : []),
    ...(predictor > 1 ? [`with predictor ${predictor}`] : []),
    ...(isExpandable(compression) ? [] : [`compressed with ${compressionName}`]),
  ];
  const color = COLOR_NAMES[photometric] ?? `photometric ${photometric}`;
  return `a TIFF of ${bits[0] ?? 0}-bit ${format}${color} (${details.join(' ')})`;
}
