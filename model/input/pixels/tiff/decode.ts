import type { RgbImage } from '../transpose.ts';
import { COMPRESSION, expand } from './decompress.ts';
import type { TiffFile, TiffLayout } from './layout.ts';
import { undoPrediction } from './predictor.ts';
import { rowReader, type ReadRow } from './samples.ts';
import type { Variety } from './variety.ts';
import { ycbcrToRgb } from './ycbcr.ts';

/** A strip or tile. */
interface Block {
  readonly plane: number;
  readonly x: number;
  readonly y: number;
  /** Samples, in whole rows. */
  readonly data: Uint8Array;
  readonly littleEndian: boolean;
}

/** Samples of a pixel that its colour needs. */
const CHANNELS: Readonly<Record<Variety['color'], number>> = {
  levels: 1,
  gray: 1,
  rgb: 3,
  lab: 3,
  ycbcr: 3,
  premultiplied: 4,
  cmyk: 4,
};

/**
 * Decodes the first page of a TIFF as Pillow does, before it turns it upright, in these stages: the strips or tiles
 * that the directory lists are decompressed, differences between samples are added up, and samples become RGB.
 *
 * @param variety the result of `varietyOf` for it, one that does not need libtiff
 * @throws RangeError, or a decompressor's error, if the file is damaged
 */
export function decodeTiff(bytes: Uint8Array, file: TiffFile, variety: Variety): RgbImage {
  const { width, height, separate } = file.layout;
  const pixels = new Uint8Array(width * height * 3);
  if (variety.color === 'ycbcr') readYcbcr(bytes, file, variety, pixels);
  else if (separate && variety.samples > 1) readPlanes(bytes, file, variety, pixels);
  else {
    const readRow = rowReader(variety, file);
    for (const block of blocksOf(bytes, file, variety)) readBlock(block, file.layout, variety, readRow, pixels);
  }
  return { pixels, width, height };
}

/** Bytes of a row of a block with that many samples per pixel. */
const rowBytesOf = ({ blockWidth }: TiffLayout, bits: number, samples: number): number =>
  Math.ceil((blockWidth * samples * bits) / 8);

function readBlock(
  { x, y, data, littleEndian }: Block,
  layout: TiffLayout,
  { bits, samples }: Variety,
  readRow: ReadRow,
  pixels: Uint8Array,
): void {
  const rowBytes = rowBytesOf(layout, bits, samples);
  const columns = Math.min(layout.blockWidth, layout.width - x);
  const rows = Math.min(layout.blockHeight, layout.height - y);
  for (let row = 0; row < rows; row++) {
    const at = 3 * ((y + row) * layout.width + x);
    readRow(data.subarray(row * rowBytes, (row + 1) * rowBytes), littleEndian, pixels, at, columns);
  }
}

/** Collects the planes of the samples that count, reduced to 8 bits, and then reads them as if they stood together. */
function readPlanes(bytes: Uint8Array, file: TiffFile, variety: Variety, pixels: Uint8Array): void {
  const { layout } = file;
  const { width, height } = layout;
  const color = hasUnnamedAlpha(layout, variety) ? 'premultiplied' : variety.color;
  const channels = CHANNELS[color];
  const together = new Uint8Array(width * height * channels);
  // Pillow takes planes of 16 bits that are not compressed for planes of 8 bits.
  const sampleBytes = layout.compression === COMPRESSION.none ? 1 : variety.bits / 8;
  for (const { plane, x, y, data, littleEndian } of blocksOf(bytes, file, variety)) {
    if (plane >= channels) break;
    const columns = Math.min(layout.blockWidth, width - x);
    const rows = Math.min(layout.blockHeight, height - y);
    const isCut = x + layout.blockWidth > width;
    const rowBytes = layout.blockWidth * (isCut ? variety.bits / 8 : sampleBytes);
    for (let row = 0; row < rows; row++) {
      let from = row * rowBytes + (sampleBytes === 2 && littleEndian ? 1 : 0);
      let to = ((y + row) * width + x) * channels + plane;
      for (let column = 0; column < columns; column++, from += sampleBytes, to += channels)
        together[to] = data[from] ?? 0;
    }
  }
  rowReader({ ...variety, color, bits: 8, samples: channels }, file)(together, true, pixels, 0, width * height);
}

/** Whether libtiff, and so Pillow, takes the fourth plane for alpha that is multiplied in, without being told. */
function hasUnnamedAlpha({ compression, extraSamples }: TiffLayout, { color, samples }: Variety): boolean {
  return color === 'rgb' && samples === 4 && extraSamples.length === 0 && compression !== COMPRESSION.none;
}

function readYcbcr(bytes: Uint8Array, file: TiffFile, variety: Variety, pixels: Uint8Array): void {
  const { layout } = file;
  const toRgb = ycbcrToRgb(file);
  const planes: Uint8Array[] = layout.separate ? [0, 1, 2].map(() => new Uint8Array(layout.width * layout.height)) : [];
  const [across, down] = layout.subsampling;
  const groupBytes = across * down + 2;
  const groups = Math.ceil(layout.blockWidth / across);
  for (const { plane, x, y, data } of blocksOf(bytes, file, variety)) {
    const columns = Math.min(layout.blockWidth, layout.width - x);
    const rows = Math.min(layout.blockHeight, layout.height - y);
    for (let row = 0; row < rows; row++) {
      const at = (y + row) * layout.width + x;
      if (layout.separate) {
        planes[plane]?.set(data.subarray(row * layout.blockWidth, row * layout.blockWidth + columns), at);
        continue;
      }
      // Groups of pixels: the luma of each, then the chroma that they share.
      const groupRow = Math.floor(row / down) * groups;
      for (let column = 0; column < columns; column++) {
        const group = (groupRow + Math.floor(column / across)) * groupBytes;
        const luma = data[group + (row % down) * across + (column % across)] ?? 0;
        const chroma = group + across * down;
        toRgb(luma, data[chroma] ?? 0, data[chroma + 1] ?? 0, pixels, 3 * (at + column));
      }
    }
  }
  const [luma, blue, red] = planes;
  luma?.forEach((value, at) => {
    toRgb(value, blue?.[at] ?? 0, red?.[at] ?? 0, pixels, 3 * at);
  });
}

/** The strips or tiles, plane by plane from left to right and top to bottom. */
function* blocksOf(bytes: Uint8Array, file: TiffFile, variety: Variety): Generator<Block> {
  const { layout } = file;
  const { width, height, blockWidth, blockHeight, isTiled, compression } = layout;
  const planes = layout.separate ? variety.samples : 1;
  const across = Math.ceil(width / blockWidth);
  const down = Math.ceil(height / blockHeight);
  const count = planes * across * down;
  const offsets = file.numbers(isTiled ? 'tileOffsets' : 'stripOffsets', count);
  const lengths = file.numbers(isTiled ? 'tileByteCounts' : 'stripByteCounts', count);
  if (offsets === undefined || offsets.length < count) throw new RangeError('strips or tiles are missing');
  for (let index = 0; index < count; index++) {
    const place = index % (across * down);
    const y = Math.floor(place / across) * blockHeight;
    const start = offsets[index] ?? 0;
    // Pillow does not look at the lengths of what is not compressed.
    const end = compression === COMPRESSION.none ? bytes.length : start + (lengths?.[index] ?? bytes.length);
    const stored = bytes.subarray(start, end);
    const rows = isTiled && compression !== COMPRESSION.none ? blockHeight : Math.min(blockHeight, height - y);
    yield {
      plane: Math.floor(index / (across * down)),
      x: (place % across) * blockWidth,
      y,
      ...readSamples(stored, layout, variety, rows),
    };
  }
}

function readSamples(
  stored: Uint8Array,
  layout: TiffLayout,
  variety: Variety,
  rows: number,
): Pick<Block, 'data' | 'littleEndian'> {
  const { color, bits, samples } = variety;
  const { compression, blockHeight, littleEndian, predictor, separate } = layout;
  const samplesTogether = separate ? 1 : samples;
  const [across, down] = layout.subsampling;
  const isGrouped = color === 'ycbcr' && !separate;
  const rowBytes = isGrouped
    ? Math.ceil(layout.blockWidth / across) * (across * down + 2)
    : rowBytesOf(layout, bits, samplesTogether);
  const rowsOf = (height: number): number => (isGrouped ? Math.ceil(height / down) : height);
  const length = rowBytes * rowsOf(rows);
  const used = compression === COMPRESSION.none ? stored.subarray(0, length) : stored;
  // In planes that are not compressed, Pillow forgets that bits are reversed.
  const isReversed = layout.reversesBits && !(separate && compression === COMPRESSION.none);
  const inOrder = isReversed ? used.map(reverseBits) : used;
  const data = expand(compression, inOrder, length, rowBytes * rowsOf(blockHeight));
  // libtiff reads the bytes of a row of pixels, rounded down, for each row of a strip, and leaves the rest empty.
  if (isGrouped && !layout.isTiled && compression !== COMPRESSION.none)
    data.fill(0, rowsOf(rows) * down * Math.floor(rowBytes / down));
  const isLittleEndian = undoPrediction(data, { predictor, bits, step: samplesTogether, rowBytes, littleEndian });
  return { data, littleEndian: misreadsOrder(layout, variety) ? !isLittleEndian : isLittleEndian };
}

/** Whether Pillow swaps the bytes of big-endian samples although libtiff has done so, or does not swap them at all. */
function misreadsOrder({ littleEndian, compression, separate }: TiffLayout, { isSigned, isFloat }: Variety): boolean {
  return !littleEndian && (isSigned || isFloat) && (separate || compression !== COMPRESSION.none);
}

function reverseBits(byte: number): number {
  let reversed = 0;
  for (let bit = 0; bit < 8; bit++) reversed |= ((byte >> bit) & 1) << (7 - bit);
  return reversed;
}
