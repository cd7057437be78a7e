import { MAX_PIXELS, MAX_SIDE, readHeader } from './pixels-decoder.ts';
import { PixelsError } from './pixels-error.ts';
import { formatOf, type ImageFormat } from './pixels-format.ts';
import { readGif } from './pixels-gif.ts';
import { countScans } from './pixels-jpeg.ts';
import { isKnownLayout, readTiff } from './pixels-tiff.ts';

const MAX_SCANS = 100;
/** Most pixels that the scans of a JPEG may go over, all together: the largest image with a dozen scans. */
const MAX_SCANNED_PIXELS = 12 * MAX_PIXELS;

/** What is known of an image before it is decoded. */
export interface Probe {
  readonly format: ImageFormat;
  /** Roughly the bytes of memory that decoding takes at its peak. */
  readonly memory: number;
}

function checkSize(width: number, height: number): void {
  if (width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_PIXELS)
    throw new PixelsError('too-large');
  if (width < 1 || height < 1) throw new PixelsError('corrupt');
}

/**
 * Reads an image's header, and refuses what would cost too much to decode.
 *
 * @throws PixelsError
 */
export async function probe(bytes: Uint8Array): Promise<Probe> {
  const format = formatOf(bytes);
  if (format === undefined) throw new PixelsError('unsupported');
  if (format === 'gif') {
    const { width, height } = readGif(bytes);
    checkSize(width, height);
    // RGBA of the frame, RGB of it, RGB of the canvas.
    return { format, memory: width * height * 10 };
  }
  if (format === 'tiff' && !isKnownLayout(readTiff(bytes))) throw new PixelsError('unsupported');
  const header = await readHeader(bytes).catch((error: unknown) => {
    throw new PixelsError('corrupt', { cause: error });
  });
  const { width, height, channels } = header;
  checkSize(width, height);
  const scans = format === 'jpeg' ? countScans(bytes, MAX_SCANS + 1) : 1;
  if (scans > MAX_SCANS || scans * width * height > MAX_SCANNED_PIXELS) throw new PixelsError('too-large');
  // Decoders that cannot go row by row hold the samples; a JPEG of several scans holds 16-bit coefficients.
  const sampleBytes = scans > 1 || header.depth !== 'uchar' ? 2 : 1;
  return { format, memory: width * height * (channels * sampleBytes + 3) };
}
