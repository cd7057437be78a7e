import { PixelsError } from '../error.ts';
import { COMPRESSION, PREDICTED } from './decompress.ts';
import { TiffDirectory, type TiffEntry } from './directory.ts';

/** Tags that determine how samples are stored, with the names and numbers of TIFF 6.0. */
const TAGS = {
  imageWidth: 256,
  imageLength: 257,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  fillOrder: 266,
  stripOffsets: 273,
  samplesPerPixel: 277,
  rowsPerStrip: 278,
  stripByteCounts: 279,
  planarConfiguration: 284,
  predictor: 317,
  colorMap: 320,
  tileWidth: 322,
  tileLength: 323,
  tileOffsets: 324,
  tileByteCounts: 325,
  extraSamples: 338,
  sampleFormat: 339,
  yCbCrCoefficients: 529,
  yCbCrSubSampling: 530,
  referenceBlackWhite: 532,
} as const;

type TagName = keyof typeof TAGS;

const NAMES = new Map(Object.entries(TAGS).map(([name, tag]) => [tag as number, name as TagName]));

/** Tags that only libtiff reads: T4Options, T6Options, InkSet, NumberOfInks, JPEGTables and YCbCrPositioning. */
const TAGS_OF_LIBTIFF: readonly number[] = [292, 293, 332, 334, 347, 531];

export const PHOTOMETRIC = {
  whiteIsZero: 0,
  blackIsZero: 1,
  rgb: 2,
  palette: 3,
  cmyk: 5,
  ycbcr: 6,
  lab: 8,
} as const;

const SEPARATE_PLANES = 2;
/** More values of a tag than any variety has that is decoded. */
const MANY = 16;

/** How the samples of the first page of a TIFF are stored. */
export interface TiffLayout {
  readonly littleEndian: boolean;
  readonly width: number;
  readonly height: number;
  readonly compression: number;
  readonly photometric: number;
  /** Bits of each sample of a pixel. */
  readonly bits: readonly number[];
  /** What the samples past the colours are. */
  readonly extraSamples: readonly number[];
  /** The formats of the samples; one if they are equal. */
  readonly sampleFormats: readonly number[];
  /** Whether the bits of each byte are stored in reverse. */
  readonly reversesBits: boolean;
  /** Whether each sample has a plane of its own. */
  readonly separate: boolean;
  readonly predictor: number;
  readonly isTiled: boolean;
  /** Size of a strip or tile. The last strip may be lower. */
  readonly blockWidth: number;
  readonly blockHeight: number;
  /** Pixels across and down that share their chroma. */
  readonly subsampling: readonly [across: number, down: number];
}

/** A TIFF's layout, and its longer lists of numbers. */
export class TiffFile {
  readonly #directory: TiffDirectory;
  readonly #entries = new Map<TagName, TiffEntry>();
  readonly layout: TiffLayout;

  /**
   * Reads the first directory of a classic or big TIFF.
   *
   * @throws PixelsError 'corrupt' if it is outside the file or lacks a size
   */
  constructor(bytes: Uint8Array) {
    try {
      this.#directory = new TiffDirectory(bytes);
      for (const entry of this.#directory.entries()) {
        const name = NAMES.get(entry.tag);
        if (name !== undefined && entry.count > 0) this.#entries.set(name, entry);
      }
      this.layout = this.#readLayout();
    } catch (error) {
      throw new PixelsError('corrupt', { cause: error });
    }
  }

  /**
   * The values of a tag, but no more than `most`.
   *
   * @returns undefined if the file does not have the tag
   * @throws PixelsError 'corrupt' if a value is outside the file
   */
  numbers(name: TagName, most: number): number[] | undefined {
    const entry = this.#entries.get(name);
    try {
      return entry && this.#directory.numbers(entry, most);
    } catch (error) {
      throw new PixelsError('corrupt', { cause: error });
    }
  }

  /**
   * The file for libtiff: its first page alone, and only the tags that say how it is decoded, because libvips refuses
   * files for what is wrong with other pages and tags. Planes mean nothing where there is only one sample, but libvips
   * refuses them in tiles.
   */
  forLibtiff(): Uint8Array {
    const hasPlanes = this.layout.separate && this.layout.bits.length > 1;
    const entries = new Map<number, TiffEntry>();
    for (const entry of this.#directory.entries()) {
      const { tag } = entry;
      const counts = tag === TAGS.planarConfiguration ? hasPlanes : NAMES.has(tag) || TAGS_OF_LIBTIFF.includes(tag);
      if (counts) entries.set(tag, entry);
    }
    const { photometric } = TAGS;
    if (!entries.has(photometric)) {
      entries.set(photometric, this.#directory.entryOf(photometric, this.layout.photometric));
    }
    return this.#directory.withDirectory([...entries.values()]);
  }

  #readLayout(): TiffLayout {
    const list = (name: TagName): number[] => this.numbers(name, MANY) ?? [];
    const first = (name: TagName, fallback: number): number => list(name)[0] ?? fallback;
    const width = first('imageWidth', 0);
    const height = first('imageLength', 0);
    const isTiled = this.#entries.has('tileOffsets');
    const samples = first('samplesPerPixel', 1);
    const separate = samples > 0 && first('planarConfiguration', 1) === SEPARATE_PLANES;
    let extraSamples = list('extraSamples');
    let bits = list('bitsPerSample');
    if (bits.length === 0) bits = [1];
    // One number of bits is that of all samples. Numbers for more samples than there are do not count.
    bits = bits.length === 1 ? Array<number>(Math.min(samples, MANY)).fill(bits[0] ?? 1) : bits.slice(0, samples);
    if (separate && extraSamples.length > 0 && extraSamples.every((kind) => kind === 0)) {
      // The planes of samples without a meaning can be left out.
      bits = bits.slice(0, -extraSamples.length);
      extraSamples = [];
    }
    const compression = first('compression', COMPRESSION.none);
    const formats = new Set(list('sampleFormat'));
    return {
      littleEndian: this.#directory.littleEndian,
      width,
      height,
      compression,
      photometric: first('photometric', PHOTOMETRIC.whiteIsZero),
      bits,
      extraSamples,
      sampleFormats: formats.size === 0 ? [1] : [...formats],
      reversesBits: first('fillOrder', 1) === 2,
      separate,
      // The other compressions have none, whatever the tag says.
      predictor: PREDICTED.includes(compression) ? first('predictor', 1) : 1,
      isTiled,
      blockWidth: isTiled ? first('tileWidth', 0) : width,
      blockHeight: isTiled ? first('tileLength', 0) : Math.min(first('rowsPerStrip', height), height),
      subsampling: [list('yCbCrSubSampling')[0] ?? 2, list('yCbCrSubSampling')[1] ?? 2],
    };
  }
}
