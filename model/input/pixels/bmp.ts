import { PixelsError, unsupported } from './error.ts';
import type { RgbImage } from './transpose.ts';

const FILE_HEADER_BYTES = 14;
const CORE_HEADER_BYTES = 12;
const COMPRESSION = { none: 0, rle8: 1, rle4: 2, bitFields: 3, jpeg: 4, png: 5 } as const;
const INSTEAD = 'send it as PNG';

/** Where the colours are in a pixel: offsets of the bytes of red, green and blue, or how 16 bits are divided. */
type Channels = readonly [red: number, green: number, blue: number] | '555' | '565';

/** Colour masks that Pillow knows, as bits, red, green, blue and alpha. */
const CHANNELS_BY_MASKS: Readonly<Record<string, Channels>> = {
  '32 ff0000 ff00 ff 0': [2, 1, 0],
  '32 ff000000 ff0000 ff00 0': [3, 2, 1],
  '32 ff000000 ff00 ff 0': [3, 1, 0],
  '32 ff000000 ff0000 ff00 ff': [3, 2, 1],
  '32 ff ff00 ff0000 ff000000': [0, 1, 2],
  '32 ff0000 ff00 ff ff000000': [2, 1, 0],
  '32 ff000000 ff00 ff ff0000': [3, 1, 0],
  '32 0 0 0 0': [2, 1, 0],
  '24 ff0000 ff00 ff': [2, 1, 0],
  '16 f800 7e0 1f': '565',
  '16 7c00 3e0 1f': '555',
};

/** The header of a BMP. */
export interface BmpHeader {
  readonly width: number;
  readonly height: number;
  /** Whether the first row is stored first. Otherwise, it is stored last. */
  readonly topDown: boolean;
  readonly bits: number;
  readonly runLength: 'rle8' | 'rle4' | undefined;
  /** For pixels of more than 8 bits. */
  readonly channels: Channels;
  /** For pixels of 8 bits or fewer: 256 RGB colours, black past the last one that is stored. */
  readonly colors: Uint8Array;
  /** Bits of an index into `colors`. Not always `bits`, see `readColors`. */
  readonly indexBits: number;
  /** Offset of the pixels. */
  readonly data: number;
}

/**
 * Reads the header of a BMP as Pillow does, with that of OS/2 or Windows, of any version.
 *
 * @throws PixelsError 'corrupt' if it is incomplete or contradicts itself, 'unsupported' for varieties that Pillow does
 *   not read either
 */
export function readBmp(bytes: Uint8Array): BmpHeader {
  try {
    return readHeader(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), bytes);
  } catch (error) {
    if (error instanceof RangeError) throw new PixelsError('corrupt', { cause: error });
    throw error;
  }
}

function readHeader(view: DataView, bytes: Uint8Array): BmpHeader {
  const headerBytes = view.getUint32(FILE_HEADER_BYTES, true);
  const isCore = headerBytes === CORE_HEADER_BYTES;
  const word = (offset: number): number => view.getUint16(FILE_HEADER_BYTES + offset, true);
  const long = (offset: number): number => view.getUint32(FILE_HEADER_BYTES + offset, true);
  const topDown = !isCore && view.getUint8(FILE_HEADER_BYTES + 11) === 0xff;
  const storedHeight = isCore ? word(6) : long(8);
  const bits = isCore ? word(10) : word(14);
  const compression = isCore ? COMPRESSION.none : long(16);
  const channels = channelsOf(view, bits, compression, headerBytes);
  // A header of 40 bytes is followed by its masks.
  const masksBytes = compression === COMPRESSION.bitFields && headerBytes === 40 ? 12 : 0;
  const colorCount = (isCore ? 0 : long(32)) || 2 ** bits;
  const colorBytes = isCore ? 3 : 4;
  const colorsAt = FILE_HEADER_BYTES + headerBytes + masksBytes;
  const hasColors = bits <= 8;
  const colorsEnd = colorsAt + (hasColors ? colorCount * colorBytes : 0);
  let data = view.getUint32(10, true) || colorsEnd;
  // Some writers give an offset that leaves out the colours.
  if (data === FILE_HEADER_BYTES + headerBytes && hasColors) data = colorsEnd;
  return {
    width: isCore ? word(4) : long(4),
    height: topDown ? 2 ** 32 - storedHeight : storedHeight,
    topDown,
    bits,
    runLength: compression === COMPRESSION.rle8 ? 'rle8' : compression === COMPRESSION.rle4 ? 'rle4' : undefined,
    channels,
    data,
    ...(hasColors ? readColors(bytes.subarray(colorsAt), colorCount, colorBytes, bits) : NO_COLORS),
  };
}

const NO_COLORS = { colors: new Uint8Array(), indexBits: 0 };

function channelsOf(view: DataView, bits: number, compression: number, headerBytes: number): Channels {
  if (![1, 4, 8, 16, 24, 32].includes(bits)) {
    throw unsupported({ name: `a BMP of ${bits} bits per pixel`, instead: INSTEAD });
  }
  switch (compression) {
    case COMPRESSION.none:
      return bits === 16 ? '555' : [2, 1, 0];
    case COMPRESSION.rle8:
    case COMPRESSION.rle4:
      if (bits <= 8) return [2, 1, 0];
      throw unsupported({ name: 'a BMP of true colours in run lengths', instead: INSTEAD });
    case COMPRESSION.bitFields: {
      const mask = (index: number): string => view.getUint32(FILE_HEADER_BYTES + 40 + 4 * index, true).toString(16);
      const alpha = bits < 32 ? '' : headerBytes >= 56 ? ` ${mask(3)}` : ' 0';
      const channels = CHANNELS_BY_MASKS[`${bits} ${mask(0)} ${mask(1)} ${mask(2)}${alpha}`];
      if (channels !== undefined) return channels;
      throw unsupported({ name: 'a BMP with uncommon colour masks', instead: INSTEAD });
    }
    case COMPRESSION.jpeg:
    case COMPRESSION.png:
      throw unsupported({ name: 'a BMP that holds a JPEG or PNG', instead: 'send the JPEG or PNG itself' });
    default:
      throw unsupported({ name: 'a BMP of an unknown compression', instead: INSTEAD });
  }
}

/**
 * Reads the colours. If they are the levels of gray in order, Pillow takes the pixels to be gray itself: of one bit if
 * there are two colours, otherwise of eight, whatever the header says.
 */
function readColors(
  stored: Uint8Array,
  count: number,
  colorBytes: number,
  bits: number,
): Pick<BmpHeader, 'colors' | 'indexBits'> {
  if (count > 256) throw new PixelsError('corrupt');
  const colors = new Uint8Array(3 * 256);
  let isGray = true;
  for (let index = 0; index < count; index++) {
    const gray = count === 2 ? 255 * index : index;
    for (let channel = 0; channel < 3; channel++) {
      const value = stored[index * colorBytes + 2 - channel];
      if (value !== gray) isGray = false;
      colors[3 * index + channel] = value ?? 0;
    }
  }
  if (!isGray) return { colors, indexBits: bits };
  if (count === 2) return { colors, indexBits: 1 };
  return { colors: Uint8Array.from(colors, (_, index) => Math.floor(index / 3)), indexBits: 8 };
}

/**
 * Decodes a BMP.
 *
 * @param header the result of `readBmp`, whose size the caller has checked
 * @throws PixelsError 'corrupt' if pixels are missing
 */
export function decodeBmp(bytes: Uint8Array, header: BmpHeader): RgbImage {
  const { width, height, bits, indexBits, runLength } = header;
  const stored = bytes.subarray(header.data);
  let rows = stored;
  let stride = Math.floor((width * bits + 31) / 32) * 4;
  let rowBits = indexBits || bits;
  // Where Pillow's bits of gray do not fit and it gives up, the header is right.
  if (Math.ceil((width * rowBits) / 8) > stride) rowBits = bits;
  if (runLength !== undefined) {
    rows = expandRuns(bytes, header);
    rowBits = 8;
    stride = width;
  }
  const rowBytes = Math.ceil((width * rowBits) / 8);
  // Padding may be missing after the last row.
  if (stride * (height - 1) + rowBytes > rows.length) throw new PixelsError('corrupt');
  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const start = stride * (header.topDown ? y : height - 1 - y);
    const row = rows.subarray(start, start + rowBytes);
    const target = pixels.subarray(y * width * 3, (y + 1) * width * 3);
    if (indexBits > 0) lookUp(row, rowBits, header.colors, target);
    else if (typeof header.channels === 'string') spread16(row, header.channels === '565' ? 6 : 5, target);
    else pick(row, bits / 8, header.channels, target);
  }
  return { pixels, width, height };
}

/** Replaces indices of 1, 4 or 8 bits, the first one in the highest bits, by their colours. */
function lookUp(row: Uint8Array, bits: number, colors: Uint8Array, target: Uint8Array): void {
  const perByte = 8 / bits;
  const mask = 2 ** bits - 1;
  for (let at = 0, x = 0; at < target.length; at += 3, x++) {
    const shift = 8 - bits - (x % perByte) * bits;
    const color = 3 * (((row[Math.floor(x / perByte)] ?? 0) >> shift) & mask);
    target[at] = colors[color] ?? 0;
    target[at + 1] = colors[color + 1] ?? 0;
    target[at + 2] = colors[color + 2] ?? 0;
  }
}

/** Spreads 5 bits of red, 5 or 6 of green, and 5 of blue over 0 to 255, rounding down as Pillow does. */
function spread16(row: Uint8Array, greenBits: 5 | 6, target: Uint8Array): void {
  const greenMax = 2 ** greenBits - 1;
  for (let at = 0, from = 0; at < target.length; at += 3, from += 2) {
    const pixel = (row[from] ?? 0) | ((row[from + 1] ?? 0) << 8);
    target[at] = (((pixel >> (5 + greenBits)) & 31) * 255) / 31;
    target[at + 1] = (((pixel >> 5) & greenMax) * 255) / greenMax;
    target[at + 2] = ((pixel & 31) * 255) / 31;
  }
}

function pick(row: Uint8Array, pixelBytes: number, channels: readonly number[], target: Uint8Array): void {
  const [red = 0, green = 0, blue = 0] = channels;
  for (let at = 0, from = 0; at < target.length; at += 3, from += pixelBytes) {
    target[at] = row[from + red] ?? 0;
    target[at + 1] = row[from + green] ?? 0;
    target[at + 2] = row[from + blue] ?? 0;
  }
}

/**
 * Expands run lengths to one byte per pixel, as Pillow does: what a delta or the end of a line skips is 0, runs end with
 * their line, and every pixel must be there.
 */
function expandRuns(bytes: Uint8Array, { width, height, data, runLength }: BmpHeader): Uint8Array {
  const isRle4 = runLength === 'rle4';
  const indices = new Uint8Array(width * height);
  let length = 0;
  let x = 0;
  let at = data;
  const put = (index: number): void => {
    if (length < indices.length) indices[length] = index;
    length++;
  };
  while (length < indices.length && at + 1 < bytes.length) {
    const count = bytes[at] ?? 0;
    const value = bytes[at + 1] ?? 0;
    at += 2;
    if (count > 0) {
      const run = Math.min(count, Math.max(0, width - x));
      for (let index = 0; index < run; index++) put(isRle4 ? (index % 2 === 0 ? value >> 4 : value & 15) : value);
      x += run;
    } else if (value === 0) {
      length = Math.ceil(length / width) * width;
      x = 0;
    } else if (value === 1) {
      break;
    } else if (value === 2) {
      if (at + 1 >= bytes.length) break;
      length += (bytes[at] ?? 0) + (bytes[at + 1] ?? 0) * width;
      x = length % width;
      at += 2;
    } else {
      const end = at + (isRle4 ? value >> 1 : value);
      if (end > bytes.length) break;
      for (; at < end; at++) {
        const byte = bytes[at] ?? 0;
        if (isRle4) put(byte >> 4);
        put(isRle4 ? byte & 15 : byte);
      }
      x += value;
      at += at % 2;
    }
  }
  if (length < indices.length) throw new PixelsError('corrupt');
  return indices;
}
