import { underBlack } from '../cmyk.ts';
import { COMPRESSION } from './decompress.ts';
import { labToRgb } from './lab.ts';
import { PHOTOMETRIC, type TiffFile } from './layout.ts';
import type { Variety } from './variety.ts';

/**
 * Converts a row of samples to RGB.
 *
 * @param row starts with the first sample
 * @param littleEndian byte order of samples of more than 8 bits
 * @param target RGB; pixels are written from `at` on
 * @param count of pixels
 */
export type ReadRow = (row: Uint8Array, littleEndian: boolean, target: Uint8Array, at: number, count: number) => void;

/** How to convert samples of this variety, with all samples of a pixel together, as Pillow does. */
export function rowReader(variety: Variety, file: TiffFile): ReadRow {
  const { bits, samples } = variety;
  const pixelBytes = (samples * bits) / 8;
  switch (variety.color) {
    case 'levels': {
      const colors = colorsOf(variety, file);
      return samples > 1 ? levelReader(8, samples, colors) : levelReader(bits, 1, colors);
    }
    case 'gray':
      return grayReader(variety);
    case 'premultiplied':
      return channelReader(pixelBytes, bits, divide);
    case 'cmyk':
      return channelReader(pixelBytes, bits, underBlack);
    case 'lab':
      // The signs of a and b. Pillow forgets them in separate planes.
      return labReader(file.layout.separate ? 0 : 128);
    default:
      return channelReader(pixelBytes, bits, undefined);
  }
}

/** The RGB colours of all samples. Those that a palette lacks are black. */
function colorsOf({ bits }: Variety, file: TiffFile): Uint8Array {
  const count = 2 ** bits;
  const colors = new Uint8Array(3 * count);
  const { photometric, separate, compression } = file.layout;
  // In planes that are not compressed, Pillow forgets that white is zero.
  const isInverted = photometric === PHOTOMETRIC.whiteIsZero && !(separate && compression === COMPRESSION.none);
  if (photometric === PHOTOMETRIC.palette) {
    const map = file.numbers('colorMap', 3 * 256);
    if (map === undefined) throw new RangeError('a palette is missing');
    // First all red values, then all green and all blue ones, of 16 bits.
    const length = Math.floor(map.length / 3);
    for (let index = 0; index < Math.min(count, length); index++) {
      for (let channel = 0; channel < 3; channel++) {
        colors[3 * index + channel] = Math.floor((map[channel * length + index] ?? 0) / 256);
      }
    }
    return colors;
  }
  for (let level = 0; level < count; level++) {
    const gray = (level * 255) / (count - 1);
    colors.fill(isInverted ? 255 - gray : gray, 3 * level, 3 * level + 3);
  }
  return colors;
}

/** Samples of 1, 2, 4 or 8 bits, the first one in the highest bits. */
function levelReader(bits: number, samples: number, colors: Uint8Array): ReadRow {
  const perByte = 8 / bits;
  const mask = 2 ** bits - 1;
  return (row, _littleEndian, target, at, count) => {
    for (let x = 0, to = at; x < count; x++, to += 3) {
      const place = x * samples;
      const shift = 8 - bits - (place % perByte) * bits;
      const color = 3 * (((row[Math.floor(place / perByte)] ?? 0) >> shift) & mask);
      target[to] = colors[color] ?? 0;
      target[to + 1] = colors[color + 1] ?? 0;
      target[to + 2] = colors[color + 2] ?? 0;
    }
  };
}

/** Samples of more than 8 bits, clipped to 0 to 255. */
function grayReader({ bits, isSigned, isFloat }: Variety): ReadRow {
  return (row, littleEndian, target, at, count) => {
    const view = new DataView(row.buffer, row.byteOffset, row.byteLength);
    const sample = (x: number): number => {
      if (bits === 12) return twelveBits(row, x);
      if (bits === 16) return isSigned ? view.getInt16(2 * x, littleEndian) : view.getUint16(2 * x, littleEndian);
      // Pillow takes unsigned samples of 32 bits as signed.
      return isFloat ? view.getFloat32(4 * x, littleEndian) : view.getInt32(4 * x, littleEndian);
    };
    for (let x = 0, to = at; x < count; x++, to += 3) {
      const value = Math.min(Math.max(sample(x), 0), 255);
      target[to] = value;
      target[to + 1] = value;
      target[to + 2] = value;
    }
  };
}

/** Two samples share three bytes. */
function twelveBits(row: Uint8Array, x: number): number {
  const at = Math.floor(x / 2) * 3;
  const middle = row[at + 1] ?? 0;
  return x % 2 === 0 ? ((row[at] ?? 0) << 4) | (middle >> 4) : ((middle & 15) << 8) | (row[at + 2] ?? 0);
}

/** Colours that were multiplied by alpha. Without alpha, they are black. */
function divide(value: number, alpha: number): number {
  return alpha === 0 ? 0 : Math.min(Math.floor((value * 255) / alpha), 255);
}

/** @param sign the bits of a and b to turn over */
function labReader(sign: number): ReadRow {
  return (row, _littleEndian, target, at, count) => {
    for (let from = 0, to = at; from < 3 * count; from += 3, to += 3) {
      const isRepeated =
        from > 0 && row[from] === row[from - 3] && row[from + 1] === row[from - 2] && row[from + 2] === row[from - 1];
      // The conversion is slow, and areas of one colour are common in files that are small for their size.
      if (isRepeated) target.copyWithin(to, to - 3, to);
      else labToRgb(row[from] ?? 0, (row[from + 1] ?? 0) ^ sign, (row[from + 2] ?? 0) ^ sign, target, to);
    }
  };
}

/**
 * Pixels that start with three samples of 8 or 16 bits; only the high byte counts.
 *
 * @param combine what to make of each of the three and a fourth
 */
function channelReader(
  pixelBytes: number,
  bits: number,
  combine: ((value: number, fourth: number) => number) | undefined,
): ReadRow {
  const sampleBytes = bits / 8;
  return (row, littleEndian, target, at, count) => {
    let from = sampleBytes === 2 && littleEndian ? 1 : 0;
    for (let x = 0, to = at; x < count; x++, from += pixelBytes, to += 3) {
      const fourth = combine && (row[from + 3 * sampleBytes] ?? 0);
      for (let channel = 0; channel < 3; channel++) {
        const value = row[from + channel * sampleBytes] ?? 0;
        target[to + channel] = combine === undefined ? value : combine(value, fourth ?? 0);
      }
    }
  };
}
