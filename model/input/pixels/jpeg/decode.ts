import { Layout } from '../../wasm.ts';
import { scanDecoder } from './decoder.ts';
import { readFrame, type Frame, type HuffmanTable } from './frame.ts';
import { STEPS_BYTES, TABLE_BYTES, writeSteps, writeTable } from './tables.ts';
import type { RgbImage } from '../transpose.ts';

/** Most pixels, and bytes of the file: the decoder's memory is kept for the next picture. */
const MOST_PIXELS = 2 ** 20;
const MOST_BYTES = 2 ** 20;
/** The decoder's own data are at the beginning of its memory. */
const RESERVED_BYTES = 1024;
/** A block of coefficients, and one more. */
const BLOCK_BYTES = 130;
const COMPONENT_WORDS = 7;
const END_OF_IMAGE = 0xd9;
/** Bytes that the decoder may write after the last pixel, and read after a row. */
const MARGIN = 64;
/** Bytes that it may read after damaged data. */
const DATA_MARGIN = 2048;

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
  const block = layout.take(BLOCK_BYTES);
  const descriptions = layout.take(3 * COMPONENT_WORDS * 4);
  const tables = takeTables(frame, layout);
  const planes = components.map(({ h, v }) => layout.take(across * h * 8 * down * v * 8 + MARGIN));
  const scratch = layout.take(4 * width + 4 * MARGIN);
  const file = layout.take(bytes.length);
  const copyBytes = bytes.length + DATA_MARGIN;
  const copy = layout.take(copyBytes) + copyBytes;
  const pixels = layout.take(width * height * 3 + MARGIN);
  layout.ensure(memory);

  const all = new Uint8Array(memory.buffer);
  all.fill(0, block, block + BLOCK_BYTES);
  all.set(bytes, file);
  if (!writeTables(all, tables)) return undefined;
  const words = new Uint32Array(memory.buffer, descriptions, 3 * COMPONENT_WORDS);
  for (const [index, { h, v, quantization, dc, ac }] of components.entries()) {
    const own = [tables.steps.get(quantization), tables.huffman.get(dc), tables.huffman.get(ac), planes[index]];
    words.set([h, v, ...own.map((address = 0) => address), across * h * 8], index * COMPONENT_WORDS);
  }
  const limit = file + bytes.length;
  const marker = decodeScan(file + frame.data, limit, copy, across, down, frame.interval, descriptions, block);
  if (marker === 0 || all[marker + 1] !== END_OF_IMAGE) return undefined;
  convert(descriptions, width, height, scratch, pixels);
  return { pixels: all.subarray(pixels, pixels + width * height * 3), width, height };
}

/** Addresses of a frame's tables, of which most are used by two components, in the decoder's memory. */
interface Tables {
  readonly steps: ReadonlyMap<Uint8Array, number>;
  readonly huffman: ReadonlyMap<HuffmanTable, number>;
}

function takeTables({ components }: Frame, layout: Layout): Tables {
  const quantizations = new Set(components.map(({ quantization }) => quantization));
  const codes = new Set(components.flatMap(({ dc, ac }) => [dc, ac]));
  return {
    steps: new Map(Array.from(quantizations, (each) => [each, layout.take(STEPS_BYTES)])),
    huffman: new Map(Array.from(codes, (each) => [each, layout.take(TABLE_BYTES)])),
  };
}

/** @returns false if one is not as it should be */
function writeTables(all: Uint8Array, { steps, huffman }: Tables): boolean {
  for (const [quantization, at] of steps) writeSteps(all.subarray(at, at + STEPS_BYTES), quantization);
  return Array.from(huffman).every(([table, at]) => writeTable(all.subarray(at, at + TABLE_BYTES), table));
}
