import { PixelsError } from './error.ts';
import { expandGifLzw } from './lzw.ts';
import type { RgbImage } from './transpose.ts';

const SCREEN_BYTES = 13;
const HAS_TABLE = 0x80;
const INTERLACED = 0x40;
const EXTENSION = 0x21;
const IMAGE = 0x2c;
const GRAPHIC_CONTROL = 0xf9;
const TABLE_BYTES = 3 * 256;
/** As in Pillow. */
const MAX_SYMBOL_BITS = 12;
/** First row and step of each pass over a frame: GIF89a, appendix E. */
const INTERLACED_PASSES = [
  [0, 8],
  [4, 8],
  [2, 4],
  [1, 2],
] as const;
const ONE_PASS = [[0, 1]] as const;

/** The first frame of a GIF and its canvas. Sizes and positions are in pixels. */
export interface GifFrame {
  /** Size of the canvas, enlarged if the frame extends past it. */
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly top: number;
  readonly frameWidth: number;
  readonly frameHeight: number;
  readonly interlaced: boolean;
  /** 256 RGB colours. */
  readonly colors: Uint8Array;
  /** The colour index of the canvas around the frame. */
  readonly surround: number;
  /** Offset of the code size, which the compressed pixels follow. */
  readonly data: number;
}

/** Reads from a file that may be truncated. Throws 'corrupt' at its end. */
class Reader {
  readonly #bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  byte(): number {
    const value = this.#bytes[this.at++];
    if (value === undefined) throw new PixelsError('corrupt');
    return value;
  }

  word(): number {
    return this.byte() | (this.byte() << 8);
  }

  /** 256 colours, black past the end of the table; undefined if it only has levels of gray in order, starting with black. */
  colorTable(flags: number): Uint8Array | undefined {
    const length = 3 << ((flags & 7) + 1);
    if (this.at + length > this.#bytes.length) throw new PixelsError('corrupt');
    const stored = this.#bytes.subarray(this.at, this.at + length);
    this.at += length;
    if (stored.every((value, index) => value === Math.floor(index / 3))) return undefined;
    const colors = new Uint8Array(TABLE_BYTES);
    colors.set(stored);
    return colors;
  }

  /** Skips an extension, after its introducer. Returns the transparent index if it is a graphic control with one. */
  extension(): number | undefined {
    const label = this.byte();
    let length = this.byte();
    let transparent: number | undefined;
    if (label === GRAPHIC_CONTROL && length >= 4) {
      const flags = this.#bytes[this.at] ?? 0;
      if (flags & 1) transparent = this.#bytes[this.at + 3];
    }
    while (length !== 0) {
      this.at += length;
      length = this.byte();
    }
    return transparent;
  }
}

/**
 * Finds the first frame of a GIF as Pillow does: the transparent colour is like any other, and a table of levels of gray
 * in order counts as none, so that the frame's own such table leaves the file's colours in force. Without any table that
 * counts, indices are levels of gray.
 *
 * @throws PixelsError 'corrupt' if the file ends before the first frame
 */
export function readGif(bytes: Uint8Array): GifFrame {
  const reader = new Reader(bytes);
  reader.at = 6;
  const screenWidth = reader.word();
  const screenHeight = reader.word();
  const flags = reader.byte();
  reader.at = SCREEN_BYTES;
  let colors: Uint8Array | undefined;
  if (flags & HAS_TABLE) colors = reader.colorTable(flags);
  let surround = 0;
  for (;;) {
    const introducer = reader.byte();
    if (introducer === EXTENSION) surround = reader.extension() ?? surround;
    if (introducer === IMAGE) break;
    if (introducer === 0x3b) throw new PixelsError('corrupt');
  }
  const left = reader.word();
  const top = reader.word();
  const frameWidth = reader.word();
  const frameHeight = reader.word();
  const frameFlags = reader.byte();
  if (frameFlags & HAS_TABLE) colors = reader.colorTable(frameFlags) ?? colors;
  return {
    width: Math.max(screenWidth, left + frameWidth),
    height: Math.max(screenHeight, top + frameHeight),
    left,
    top,
    frameWidth,
    frameHeight,
    interlaced: (frameFlags & INTERLACED) !== 0,
    colors: colors ?? Uint8Array.from({ length: TABLE_BYTES }, (_, index) => Math.floor(index / 3)),
    surround,
    data: reader.at,
  };
}

/**
 * Decodes the first frame of a GIF onto its canvas.
 *
 * @param frame the result of `readGif`, whose size the caller has checked
 * @throws PixelsError 'corrupt' if pixels are missing
 */
export function decodeGif(bytes: Uint8Array, frame: GifFrame): RgbImage {
  const { width, height, left, top, frameWidth, frameHeight, colors, surround } = frame;
  const indices = new Uint8Array(frameWidth * frameHeight);
  const symbolBits = bytes[frame.data] ?? 0;
  if (indices.length === 0 || symbolBits > MAX_SYMBOL_BITS) throw new PixelsError('corrupt');
  if (expandGifLzw(joinBlocks(bytes, frame.data + 1), indices, symbolBits) < indices.length) {
    throw new PixelsError('corrupt');
  }
  const pixels = Buffer.alloc(width * height * 3, colors.subarray(3 * surround, 3 * surround + 3));
  let from = 0;
  for (const row of rowsOf(frame)) {
    const start = ((top + row) * width + left) * 3;
    for (let at = start; at < start + frameWidth * 3; at += 3) {
      const color = 3 * (indices[from++] ?? 0);
      pixels[at] = colors[color] ?? 0;
      pixels[at + 1] = colors[color + 1] ?? 0;
      pixels[at + 2] = colors[color + 2] ?? 0;
    }
  }
  return { pixels, width, height };
}

/** The content of a chain of blocks, up to an empty or incomplete one. */
function joinBlocks(bytes: Uint8Array, start: number): Uint8Array {
  const joined = new Uint8Array(Math.max(0, bytes.length - start));
  let length = 0;
  let at = start;
  for (;;) {
    const size = bytes[at] ?? 0;
    if (size === 0 || at + size >= bytes.length) return joined.subarray(0, length);
    joined.set(bytes.subarray(at + 1, at + 1 + size), length);
    length += size;
    at += 1 + size;
  }
}

/** The rows of a frame in the order in which they are stored. */
function* rowsOf({ frameHeight, interlaced }: GifFrame): Generator<number> {
  for (const [first, step] of interlaced ? INTERLACED_PASSES : ONE_PASS) {
    for (let row = first; row < frameHeight; row += step) yield row;
  }
}
