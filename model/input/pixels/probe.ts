import { formatOf, type ImageFormat } from '../../image-format.ts';
import { withThousands } from '../../thousands.ts';
import { AVIF_BYTES_PER_PIXEL, forDecoder, MAX_AVIF_PIXELS, pixelsOfLargest } from './avif.ts';
import { readBmp } from './bmp.ts';
import { readHeader, type ImageHeader } from './decoder.ts';
import { MAX_PIXELS, MAX_SIDE } from './limits.ts';
import { decodingMemory } from './decoding-memory.ts';
import { PixelsError, unreadable, unsupported } from './error.ts';
import { foreignFormatOf, isConvertedToText } from './foreign-formats.ts';
import { readGif } from './gif.ts';
import { readJpegHeader, undecodableProcess } from './jpeg.ts';
import { orientationOf } from './orientation.ts';
import { copiesOf } from './tiff/decompress.ts';
import { PHOTOMETRIC, TiffFile, type TiffLayout } from './tiff/layout.ts';
import { varietyOf, type Variety } from './tiff/variety.ts';

/** What is known about an image before it is decoded. */
export interface Probe {
  readonly format: ImageFormat;
  /** Size in pixels, before an orientation is applied. */
  readonly width: number;
  readonly height: number;
  /** The decoder's name for the colour space of the samples ('srgb', 'b-w', 'grey16', 'cmyk', ...). */
  readonly space: string;
  /** Samples per pixel, alpha included. */
  readonly channels: number;
  /** Estimated peak memory of decoding besides the file, in bytes. */
  readonly memory: number;
}

const AS_BASELINE = 'send it as baseline JPEG or PNG';
const CONVERTED_TO_TEXT = 'The image is damaged, because a program read it as text: read and send the file as bytes.';
const TOO_LARGE_AVIF = `The image is too large: at most ${withThousands(MAX_AVIF_PIXELS)} pixels of an AVIF can be decoded.`;

function isTooLarge(width: number, height: number): boolean {
  return width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_PIXELS;
}

function checkSize(width: number, height: number): void {
  if (isTooLarge(width, height)) throw new PixelsError('too-large');
  if (width < 1 || height < 1) throw new PixelsError('corrupt');
}

async function headerOf(bytes: Uint8Array, format: ImageFormat): Promise<ImageHeader> {
  const jpeg = format === 'jpeg' ? readJpegHeader(bytes) : undefined;
  // If the header is damaged, the decoder says so, whatever the size in it.
  if (jpeg !== undefined && !isTooLarge(jpeg.width, jpeg.height)) return jpeg;
  try {
    return await readHeader(format === 'avif' ? forDecoder(bytes) : bytes);
  } catch (error) {
    throw unreadable(error);
  }
}

function probeTiff(bytes: Uint8Array): Probe {
  const format = 'tiff';
  const { layout } = new TiffFile(bytes);
  const { width, height, blockWidth, blockHeight } = layout;
  checkSize(width, height);
  checkSize(blockWidth, blockHeight);
  const variety = varietyOf(layout);
  if (variety.needsLibtiff) {
    const header = headerOfTiff(layout, variety);
    const { space, channels } = header;
    return { format, width, height, space, channels, memory: decodingMemory(bytes, format, header) };
  }
  const blockBytes = Math.ceil((blockWidth * blockHeight * variety.bits * variety.samples) / 8);
  // RGB, samples that are collected from planes, and a strip or tile. Afterwards, RGB twice to turn it.
  const decoding = width * height * (layout.separate ? 7 : 3) + blockBytes * copiesOf(layout.compression);
  const turning = orientationOf(bytes, format) === 1 ? 0 : width * height * 6;
  return { format, width, height, space: 'srgb', channels: 3, memory: Math.max(decoding, turning) };
}

/** The header of a TIFF for libtiff, as libvips would read it. */
function headerOfTiff({ width, height, photometric }: TiffLayout, { color, samples }: Variety): ImageHeader {
  const channels = photometric === PHOTOMETRIC.palette ? 3 : samples;
  const space = color === 'cmyk' ? 'cmyk' : channels < 3 ? 'b-w' : 'srgb';
  const hasAlpha = channels === 2 || (channels === 4 && color !== 'cmyk');
  return { width, height, channels, space, depth: 'uchar', isProgressive: false, hasAlpha };
}

/**
 * Reads an image's header, and rejects an image that is too large to decode.
 *
 * @throws PixelsError
 */
export async function probe(bytes: Uint8Array): Promise<Probe> {
  const format = formatOf(bytes);
  if (format === undefined) {
    if (isConvertedToText(bytes)) throw new PixelsError('corrupt', { detail: CONVERTED_TO_TEXT });
    const foreign = foreignFormatOf(bytes);
    throw foreign === undefined ? new PixelsError('unsupported') : unsupported(foreign);
  }
  if (format === 'gif') {
    const { width, height } = readGif(bytes);
    checkSize(width, height);
    // The frame's indices, and the canvas as RGB.
    return { format, width, height, space: 'srgb', channels: 3, memory: width * height * 4 };
  }
  if (format === 'bmp') {
    const { width, height, runLength } = readBmp(bytes);
    checkSize(width, height);
    return { format, width, height, space: 'srgb', channels: 3, memory: width * height * (runLength ? 4 : 3) };
  }
  if (format === 'tiff') return probeTiff(bytes);
  if (format === 'jpeg') {
    const process = undecodableProcess(bytes);
    if (process !== undefined) throw unsupported({ name: `a ${process} JPEG`, instead: AS_BASELINE });
  }
  const header = await headerOf(bytes, format);
  const { width, height, channels, space } = header;
  checkSize(width, height);
  if (format === 'avif') {
    const largest = pixelsOfLargest(bytes);
    if (largest === 0) throw new PixelsError('corrupt');
    const pixels = Math.max(width * height, largest);
    if (pixels > MAX_AVIF_PIXELS) throw new PixelsError('too-large', { detail: TOO_LARGE_AVIF });
    const bytesPerPixel = AVIF_BYTES_PER_PIXEL * (header.depth === 'uchar' ? 1 : 2) * (header.hasAlpha ? 1.5 : 1);
    return { format, width, height, space, channels, memory: pixels * bytesPerPixel };
  }
  const memory = decodingMemory(bytes, format, header);
  return { format, width, height, space, channels, memory };
}
