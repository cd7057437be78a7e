import { segments, uint16 } from '../jpeg.ts';

/** A component of a JPEG: its identifier, sampling factors and tables. */
interface Component {
  readonly id: number;
  readonly h: number;
  readonly v: number;
  readonly quantization: Uint8Array;
  readonly dc: HuffmanTable;
  readonly ac: HuffmanTable;
}

/** Codes of variable length. */
export interface HuffmanTable {
  /** The number of codes of each length, 1 to 16. */
  readonly counts: Uint8Array;
  readonly symbols: Uint8Array;
}

/** A JPEG of the kind that nearly all are. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  /** Luma, blue and red. */
  readonly components: readonly [Component, Component, Component];
  /** MCUs between restart markers, or 0. */
  readonly interval: number;
  /** Offset of the entropy-coded data. */
  readonly data: number;
}

const FRAMES: readonly number[] = [0xc0, 0xc1];
const HUFFMAN = 0xc4;
const START_OF_SCAN = 0xda;
const QUANTIZATION = 0xdb;
const RESTART_INTERVAL = 0xdd;
const JFIF = 0xe0;
const ADOBE = 0xee;
/** Sampling factors of the luma, those of the chroma being 1 x 1. */
const SAMPLINGS: readonly string[] = ['1x1', '2x1', '2x2'];
/** libjpeg does not smooth the chroma of narrower pictures. */
const LEAST_WIDTH = 16;

interface Draft {
  readonly quantization: (Uint8Array | undefined)[];
  readonly huffman: Map<number, HuffmanTable>;
  frame?: Uint8Array;
  interval: number;
  isJfif: boolean;
  adobe?: number;
}

/**
 * Reads the header of a JPEG.
 *
 * @param bytes a JPEG file, possibly damaged
 * @returns undefined unless it is baseline, 8-bit, YCbCr, with one scan and common sampling, and all of its header is as
 *   it should be
 */
export function readFrame(bytes: Uint8Array): Frame | undefined {
  const draft: Draft = { quantization: [], huffman: new Map(), interval: 0, isJfif: false };
  for (const { code, at } of segments(bytes)) {
    const length = uint16(bytes, at + 2);
    const body = bytes.subarray(at + 4, at + 2 + length);
    if (length < 2 || body.length !== length - 2) return undefined;
    if (code === START_OF_SCAN) return frameOf(draft, body, at + 2 + length);
    if (!readSegment(draft, code, body)) return undefined;
  }
  return undefined;
}

/** @returns false if the segment is unusual */
function readSegment(draft: Draft, code: number, body: Uint8Array): boolean {
  switch (code) {
    case QUANTIZATION:
      return readQuantization(draft, body);
    case HUFFMAN:
      return readHuffman(draft, body);
    case RESTART_INTERVAL:
      draft.interval = uint16(body, 0);
      return body.length === 2;
    case JFIF:
      draft.isJfif ||= startsWith(body, 'JFIF\0') && body.length >= 14;
      return true;
    case ADOBE:
      if (startsWith(body, 'Adobe') && body.length >= 12) draft.adobe = body[11] ?? 0;
      return true;
    default:
  }
  if (FRAMES.includes(code)) {
    if (draft.frame !== undefined) return false;
    draft.frame = body;
    return true;
  }
  // Application data and comments say nothing about the pixels.
  return (code >= 0xe0 && code <= 0xef) || code === 0xfe;
}

function readQuantization({ quantization }: Draft, body: Uint8Array): boolean {
  let at = 0;
  for (; at + 65 <= body.length; at += 65) {
    const which = body[at] ?? 0;
    if (which > 3) return false;
    quantization[which] = body.subarray(at + 1, at + 65);
  }
  return at === body.length;
}

function readHuffman({ huffman }: Draft, body: Uint8Array): boolean {
  let at = 0;
  while (at + 17 <= body.length) {
    const which = body[at] ?? 0;
    const counts = body.subarray(at + 1, at + 17);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const symbols = body.subarray(at + 17, at + 17 + total);
    if ((which & 0xef) > 3 || total > 256) return false;
    // Those of DC coefficients are numbers of bits.
    if (which < 0x10 && symbols.some((symbol) => symbol > 15)) return false;
    huffman.set(which, { counts, symbols });
    at += 17 + total;
  }
  // Past its end if symbols are missing.
  return at === body.length;
}

function frameOf(draft: Draft, scan: Uint8Array, data: number): Frame | undefined {
  const { frame, interval, quantization, huffman } = draft;
  if (frame?.length !== 15 || frame[0] !== 8 || frame[5] !== 3 || scan.length !== 10 || scan[0] !== 3) return undefined;
  // All 64 coefficients with all of their bits.
  if (scan[7] !== 0 || scan[8] !== 63 || scan[9] !== 0) return undefined;
  const components: Component[] = [];
  for (let index = 0; index < 3; index++) {
    const [id = 0, sampling = 0, which = 0] = frame.subarray(6 + 3 * index);
    const [scanned, tables = 0] = scan.subarray(1 + 2 * index);
    const own = quantization[which];
    const dc = huffman.get(tables >> 4);
    const ac = huffman.get(0x10 | (tables & 15));
    if (scanned !== id || own === undefined || dc === undefined || ac === undefined) return undefined;
    components.push({ id, h: sampling >> 4, v: sampling & 15, quantization: own, dc, ac });
  }
  const [luma, blue, red] = components;
  if (luma === undefined || blue === undefined || red === undefined) return undefined;
  const [width, height] = [uint16(frame, 3), uint16(frame, 1)];
  const isCommon = SAMPLINGS.includes(`${luma.h}x${luma.v}`) && [blue, red].every(({ h, v }) => h === 1 && v === 1);
  if (width < LEAST_WIDTH || height === 0 || !isCommon || !isYcc(draft, components)) return undefined;
  return { width, height, components: [luma, blue, red], interval, data };
}

/** Whether libjpeg takes three components for luma and chroma without guessing. */
function isYcc({ isJfif, adobe }: Draft, components: readonly Component[]): boolean {
  if (isJfif) return true;
  if (adobe !== undefined) return adobe === 1;
  return components.every(({ id }, index) => id === index + 1);
}

const startsWith = (body: Uint8Array, text: string): boolean =>
  Array.from(text).every((letter, index) => body[index] === letter.charCodeAt(0));
