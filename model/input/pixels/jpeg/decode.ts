import { Layout } from '../../wasm.ts';
import { scanDecoder } from './decoder.ts';
import { readFrame, type Component } from './frame.ts';
import { TABLE_BYTES, writeTable } from './tables.ts';
import type { RgbImage } from '../transpose.ts';

/** Most pixels, and bytes of the file: the decoder's memory is kept for the next picture. */
const MOST_PIXELS = 2 ** 20;
const MOST_BYTES = 2 ** 20;
/** The decoder's own data are at the beginning of its memory. */
const RESERVED_BYTES = 1024;
const BLOCK_BYTES = 128;
const COMPONENT_WORDS = 7;
const END_OF_IMAGE = 0xd9;
/** Bytes that the decoder may write after the last pixel, and read after a row. */
const MARGIN = 64;

/** Natural indices of the 64 coefficients in the order in which a file has them, from ITU-T T.81, figure A.6. */
// prettier-ignore
const ZIGZAG = Uint8Array.of(
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47,
  55, 62, 63,
);

/**
 * Decodes a common JPEG (baseline, YCbCr, one scan) as libjpeg-turbo does, bit for bit, in half the time that the general
 * decoder takes with its threads and buffers.
 *
 * @param bytes a JPEG file, possibly damaged
 * @returns the picture, which the next call overwrites; undefined if anything about the file is unusual or damaged, which
 *   is for the general decoder to judge
 */
export function decodeCommonJpeg(bytes: Uint8Array): RgbImage | undefined {
  const frame = bytes.length > MOST_BYTES ? undefined : readFrame(bytes);
  if (frame === undefined || frame.width * frame.height > MOST_PIXELS) return undefined;
  const { width, height, components } = frame;
  const [luma] = components;
  const across = Math.ceil(width / (8 * luma.h));
  const down = Math.ceil(height / (8 * luma.v));
  const { memory, decodeScan, convert } = scanDecoder();
  const layout = new Layout(RESERVED_BYTES);
  const zigzag = layout.take(ZIGZAG.length);
  const block = layout.take(BLOCK_BYTES);
  const descriptions = layout.take(3 * COMPONENT_WORDS * 4);
  const tables = components.map(() => [BLOCK_BYTES, TABLE_BYTES, TABLE_BYTES].map((size) => layout.take(size)));
  const planes = components.map(({ h, v }) => layout.take(across * h * 8 * down * v * 8 + MARGIN));
  const scratch = layout.take(4 * width + 4 * MARGIN);
  const file = layout.take(bytes.length);
  const pixels = layout.take(width * height * 3 + MARGIN);
  layout.ensure(memory);

  const all = new Uint8Array(memory.buffer);
  all.set(ZIGZAG, zigzag);
  all.fill(0, block, block + BLOCK_BYTES);
  all.set(bytes, file);
  const words = new Uint32Array(memory.buffer, descriptions, 3 * COMPONENT_WORDS);
  for (const [index, component] of components.entries()) {
    const own = tables[index] ?? [];
    if (!writeComponentTables(all, component, own)) return undefined;
    const description = [component.h, component.v, ...own, planes[index] ?? 0, across * component.h * 8];
    words.set(description, index * COMPONENT_WORDS);
  }
  const limit = file + bytes.length;
  const marker = decodeScan(file + frame.data, limit, across, down, frame.interval, descriptions, block, zigzag);
  if (marker === 0 || all[marker + 1] !== END_OF_IMAGE) return undefined;
  convert(descriptions, width, height, scratch, pixels);
  return { pixels: all.subarray(pixels, pixels + width * height * 3), width, height };
}

/** @param addresses of the quantization table, in natural order, and of the DC and AC tables */
function writeComponentTables(
  all: Uint8Array,
  { quantization, dc, ac }: Component,
  [quantizing = 0, dcTable = 0, acTable = 0]: readonly number[],
): boolean {
  const factors = new Uint16Array(all.buffer, quantizing, 64);
  for (const [index, natural] of ZIGZAG.entries()) factors[natural] = quantization[index] ?? 0;
  return (
    writeTable(all.subarray(dcTable, dcTable + TABLE_BYTES), dc.counts, dc.symbols) &&
    writeTable(all.subarray(acTable, acTable + TABLE_BYTES), ac.counts, ac.symbols)
  );
}
