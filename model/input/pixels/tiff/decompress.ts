import { constants, inflateSync } from 'node:zlib';
import { decompress as decompressZstd } from 'fzstd';
import { expandTiffLzw } from '../lzw.ts';
import { expandXz } from './xz.ts';

/** Numbers of compressions, from TIFF 6.0, Adobe's technical notes and libtiff. */
export const COMPRESSION = {
  none: 1,
  ccittRunLength: 2,
  group3: 3,
  group4: 4,
  lzw: 5,
  jpeg: 7,
  deflate: 8,
  ccittWords: 32_771,
  packBits: 32_773,
  oldDeflate: 32_946,
  lzma: 34_925,
  zstd: 50_000,
} as const;

/** Compressions that are applied to differences between samples. */
export const PREDICTED: readonly number[] = [
  COMPRESSION.lzw,
  COMPRESSION.deflate,
  COMPRESSION.oldDeflate,
  COMPRESSION.lzma,
  COMPRESSION.zstd,
];

/**
 * Expands a strip or tile.
 *
 * @param length bytes that are needed
 * @param most bytes that a writer may have put into it: the last strip may be padded
 * @returns bytes from the start, fewer than `length` if the data end early
 */
type Expand = (data: Uint8Array, length: number, most: number) => Uint8Array;

const EXPAND: Readonly<Record<number, Expand>> = {
  [COMPRESSION.none]: (data) => data,
  [COMPRESSION.lzw]: into(expandTiffLzw),
  [COMPRESSION.deflate]: inflate,
  [COMPRESSION.oldDeflate]: inflate,
  [COMPRESSION.packBits]: into(expandPackBits),
  [COMPRESSION.lzma]: into(expandXz),
  [COMPRESSION.zstd]: (data, _length, most) => expandZstd(data, most),
};

export const isExpandable = (compression: number): boolean => EXPAND[compression] !== undefined;

/**
 * Expands a strip or tile.
 *
 * @returns `length` bytes, part of the data where they are not compressed
 * @throws RangeError, or the decompressor's error, if the data are damaged or end early
 */
export function expand(compression: number, data: Uint8Array, length: number, most: number): Uint8Array {
  const expanded = EXPAND[compression]?.(data, length, most);
  if (expanded === undefined || expanded.length < length) throw new RangeError('a strip or tile ends early');
  return expanded.subarray(0, length);
}

/** @param fill fills a target from its start, and returns how many bytes it has written */
function into(fill: (data: Uint8Array, target: Uint8Array) => number): Expand {
  return (data, length) => {
    const target = new Uint8Array(length);
    return target.subarray(0, fill(data, target));
  };
}

function inflate(data: Uint8Array, _length: number, most: number): Uint8Array {
  // The end of the stream, with its checksum, may be missing if all pixels are there.
  return inflateSync(data, { maxOutputLength: most, finishFlush: constants.Z_SYNC_FLUSH });
}

function expandZstd(data: Uint8Array, most: number): Uint8Array {
  // With a target of ours, fzstd allocates no window, which may be of 2 GB, and writes nothing past the target's end.
  const target = new Uint8Array(most);
  // It compares the target with 1, and so turns it into text, which takes long or fails. This is a short text.
  Object.defineProperty(target, 'toString', { value: () => '' });
  return decompressZstd(data, target);
}

/** How many times a strip or tile is in memory when it is expanded. */
export function copiesOf(compression: number): number {
  if (compression === COMPRESSION.none) return 0;
  // zlib collects parts, and then joins them.
  return EXPAND[compression] === inflate ? 2 : 1;
}

/** TIFF 6.0, section 9. */
function expandPackBits(data: Uint8Array, target: Uint8Array): number {
  let at = 0;
  for (let from = 0; from < data.length && at < target.length;) {
    const head = data[from++] ?? 0;
    if (head < 128) {
      const literal = data.subarray(from, from + Math.min(head + 1, target.length - at));
      target.set(literal, at);
      at += literal.length;
      from += head + 1;
    } else if (head > 128) {
      const end = Math.min(at + 257 - head, target.length);
      target.fill(data[from++] ?? 0, at, end);
      at = end;
    }
  }
  return at;
}
