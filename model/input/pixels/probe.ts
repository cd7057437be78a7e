import { formatOf, type ImageFormat } from '../../image-format.ts';
import { MAX_PIXELS, MAX_SIDE, readHeader } from './decoder.ts';
import { PixelsError } from './error.ts';
import { readGif } from './gif.ts';
import { isKnownLayout, readTiff } from './tiff.ts';

/** What is known of an image before it is decoded. */
export interface Probe {
  readonly format: ImageFormat;
  /** Size in pixels, before an orientation is applied. */
  readonly width: number;
  readonly height: number;
  /** The decoder's name for the colour space of the samples ('srgb', 'b-w', 'grey16', 'cmyk', ...). */
  readonly space: string;
  /** Samples per pixel, alpha included. */
  readonly channels: number;
  /** Approximate peak memory of decoding, in bytes. */
  readonly memory: number;
}

function checkSize(width: number, height: number): void {
  if (width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_PIXELS) throw new PixelsError('too-large');
  if (width < 1 || height < 1) throw new PixelsError('corrupt');
}

/**
 * Reads an image's header, and rejects an image that is too large to decode.
 *
 * @throws PixelsError
 */
export async function probe(bytes: Uint8Array): Promise<Probe> {
  const format = formatOf(bytes);
  if (format === undefined) throw new PixelsError('unsupported');
  if (format === 'gif') {
    const { width, height } = readGif(bytes);
    checkSize(width, height);
    // The frame as RGBA and as RGB, and the canvas as RGB.
    return { format, width, height, space: 'srgb', channels: 4, memory: width * height * 10 };
  }
  if (format === 'tiff' && !isKnownLayout(readTiff(bytes))) throw new PixelsError('unsupported');
  const header = await readHeader(bytes).catch((error: unknown) => {
    throw new PixelsError('corrupt', { cause: error });
  });
  const { width, height, channels, space } = header;
  checkSize(width, height);
  // Decoders that cannot work row by row keep all samples; that of a progressive JPEG keeps 16-bit coefficients.
  const sampleBytes = header.isProgressive || header.depth !== 'uchar' ? 2 : 1;
  // Turning the image upright needs it as RGB twice.
  const memory = width * height * Math.max(channels * sampleBytes + 3, 6);
  return { format, width, height, space, channels, memory };
}
