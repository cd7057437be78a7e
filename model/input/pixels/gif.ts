import { PixelsError } from './error.ts';

const SCREEN_BYTES = 13;
const HAS_TABLE = 0x80;
const INTERLACED = 0x40;
const EXTENSION = 0x21;
const IMAGE = 0x2c;
const GRAPHIC_CONTROL = 0xf9;
const TABLE_BYTES = 3 * 256;

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
  /** Offset of the compressed pixels, which start with the code size. */
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
 * A GIF file with only this frame, which covers its canvas, is opaque and has all 256 colours. This way, transparent,
 * missing and surrounding pixels do not depend on the decoder.
 */
export function isolateFrame(bytes: Uint8Array, frame: GifFrame): Uint8Array {
  let end = frame.data + 1;
  while (end < bytes.length && bytes[end] !== 0) end += 1 + (bytes[end] ?? 0);
  const body = bytes.subarray(frame.data, end + 1);
  const size = [frame.frameWidth & 255, frame.frameWidth >> 8, frame.frameHeight & 255, frame.frameHeight >> 8];
  const head = [...Buffer.from('GIF89a'), ...size, HAS_TABLE | 7, 0, 0, ...frame.colors];
  head.push(IMAGE, 0, 0, 0, 0, ...size, frame.interlaced ? INTERLACED : 0);
  return Buffer.concat([Uint8Array.from(head), body, Uint8Array.of(0x3b)]);
}

/** Puts the decoded frame on its canvas. Both are RGB, rows from top to bottom. */
export function placeFrame(frame: GifFrame, pixels: Uint8Array): Uint8Array {
  const { width, height, left, top, frameWidth, frameHeight } = frame;
  if (frameWidth === width && frameHeight === height) return pixels;
  const color = frame.colors.subarray(3 * frame.surround, 3 * frame.surround + 3);
  const canvas = Buffer.alloc(width * height * 3, color);
  for (let row = 0; row < frameHeight; row++) {
    const start = row * frameWidth * 3;
    canvas.set(pixels.subarray(start, start + frameWidth * 3), ((top + row) * width + left) * 3);
  }
  return canvas;
}
