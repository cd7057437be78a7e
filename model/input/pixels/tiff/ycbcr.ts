import type { TiffFile } from './layout.ts';

/** Bits of the fractions in the tables. */
const SHIFT = 16;
const ONE_HALF = 1 << (SHIFT - 1);
const BT_601 = [0.299, 0.587, 0.114];
const FULL_RANGE = [0, 255, 128, 255, 128, 255];
/** Most that a coded value may mean, as in libtiff. */
const MAX_VALUE = 128 * 32;

/** Converts a pixel to RGB and writes it. */
export type YcbcrToRgb = (luma: number, blue: number, red: number, target: Uint8Array, at: number) => void;

/**
 * The conversion of 8-bit YCbCr as in libtiff (`TIFFYCbCrToRGBInit`), with its precision and rounding.
 *
 * @throws RangeError if the file's coefficients are out of range
 */
export function ycbcrToRgb(file: TiffFile): YcbcrToRgb {
  const single = Math.fround;
  const [lumaRed = 0, lumaGreen = 0, lumaBlue = 0] = (file.numbers('yCbCrCoefficients', 3) ?? BT_601).map(single);
  const [black = 0, white = 0, blueBlack = 0, blueWhite = 0, redBlack = 0, redWhite = 0] = (
    file.numbers('referenceBlackWhite', 6) ?? FULL_RANGE
  ).map(single);
  const references = [black, white, blueBlack, blueWhite, redBlack, redWhite];
  if (![lumaRed, lumaGreen, lumaBlue, ...references].every(Number.isFinite) || lumaGreen === 0) {
    throw new RangeError('coefficients of YCbCr out of range');
  }

  const fixed = (value: number): number => Math.trunc(Math.min(Math.max(value, 0), 2) * (1 << SHIFT) + 0.5);
  const redFactor = single(2 - single(2 * lumaRed));
  const blueFactor = single(2 - single(2 * lumaBlue));
  const red = fixed(redFactor);
  const redOfGreen = -fixed(single(single(lumaRed * redFactor) / lumaGreen));
  const blue = fixed(blueFactor);
  const blueOfGreen = -fixed(single(single(lumaBlue * blueFactor) / lumaGreen));

  const valueOf = (code: number, low: number, high: number, range: number): number => {
    const span = single(high - low);
    const value = single(single((code - Math.trunc(low)) * range) / (span === 0 ? 1 : span));
    return Math.trunc(Math.min(Math.max(value, -MAX_VALUE), MAX_VALUE));
  };
  const lumaTable = new Int32Array(256);
  const redTable = new Int32Array(256);
  const blueTable = new Int32Array(256);
  const redOfGreenTable = new Int32Array(256);
  const blueOfGreenTable = new Int32Array(256);
  for (let code = 0; code < 256; code++) {
    const redValue = valueOf(code - 128, redBlack - 128, redWhite - 128, 127);
    const blueValue = valueOf(code - 128, blueBlack - 128, blueWhite - 128, 127);
    redTable[code] = (red * redValue + ONE_HALF) >> SHIFT;
    blueTable[code] = (blue * blueValue + ONE_HALF) >> SHIFT;
    redOfGreenTable[code] = redOfGreen * redValue;
    blueOfGreenTable[code] = blueOfGreen * blueValue + ONE_HALF;
    lumaTable[code] = valueOf(code, black, white, 255);
  }
  const clamp = (value: number): number => Math.min(Math.max(value, 0), 255);
  return (luma, chromaBlue, chromaRed, target, at) => {
    const y = lumaTable[luma] ?? 0;
    target[at] = clamp(y + (redTable[chromaRed] ?? 0));
    target[at + 1] = clamp(y + (((blueOfGreenTable[chromaBlue] ?? 0) + (redOfGreenTable[chromaRed] ?? 0)) >> SHIFT));
    target[at + 2] = clamp(y + (blueTable[chromaBlue] ?? 0));
  };
}
