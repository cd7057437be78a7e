import type { Sharp } from 'sharp';
import { open, type Header } from './pixels-decoder.ts';
import { PixelsError } from './pixels-error.ts';
import type { ImageFormat } from './pixels-format.ts';
import { isolateFrame, placeFrame, readGif } from './pixels-gif.ts';

/** An 8-bit RGB image: rows from top to bottom. */
export interface RgbImage {
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Replicates gray samples, clipped to a byte, as Pillow converts modes I and I;16. */
function grayToRgb(samples: Uint8Array | Uint16Array): Uint8Array {
  const pixels = new Uint8Array(samples.length * 3);
  for (let index = 0, at = 0; index < samples.length; index++, at += 3) {
    const value = Math.min(samples[index] ?? 0, 255);
    pixels[at] = value;
    pixels[at + 1] = value;
    pixels[at + 2] = value;
  }
  return pixels;
}

/** Pillow's cmyk2rgb: nk - nk * ink / 255, the division rounded by its MULDIV255. */
function cmykToRgb(samples: Uint8Array): Uint8Array {
  const pixels = new Uint8Array((samples.length / 4) * 3);
  for (let source = 0, target = 0; source < samples.length; source += 4, target += 3) {
    const notBlack = 255 - (samples[source + 3] ?? 0);
    for (let channel = 0; channel < 3; channel++) {
      const product = (samples[source + channel] ?? 0) * notBlack + 128;
      pixels[target + channel] = notBlack - ((product + (product >> 8)) >> 8);
    }
  }
  return pixels;
}

async function rgbPixels(image: Sharp, header: Header): Promise<{ pixels: Uint8Array; info: SizeInfo }> {
  if (header.space === 'cmyk') {
    const { data, info } = await image
      .pipelineColourspace('cmyk')
      .toColourspace('cmyk')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return { pixels: cmykToRgb(data), info };
  }
  if (header.space === 'grey16' && header.channels === 1) {
    const { data, info } = await image
      .toColourspace('grey16')
      .raw({ depth: 'ushort' })
      .toBuffer({ resolveWithObject: true });
    const samples = new Uint16Array(data.buffer, data.byteOffset, data.length / 2);
    return { pixels: grayToRgb(samples), info };
  }
  const { data, info } = await image
    .removeAlpha()
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  return { pixels: info.channels === 1 ? grayToRgb(data) : data, info };
}

interface SizeInfo {
  readonly width: number;
  readonly height: number;
}

/**
 * Decodes an image as Pillow's `open(...).convert('RGB')` does: the first frame or page; colour profiles, alpha and
 * transparency ignored; the orientation applied for TIFF alone.
 *
 * @param bytes a file that `probe` has let through
 * @throws PixelsError; the decoder's own errors are not passed on
 */
export async function decode(bytes: Uint8Array, format: ImageFormat): Promise<RgbImage> {
  const frame = format === 'gif' ? readGif(bytes) : undefined;
  const file = frame === undefined ? bytes : isolateFrame(bytes, frame);
  try {
    const image = open(file);
    const header = await image.metadata();
    if (format === 'tiff') image.autoOrient();
    const { pixels, info } = await rgbPixels(image, header);
    if (frame === undefined) return { pixels, width: info.width, height: info.height };
    return { pixels: placeFrame(frame, pixels), width: frame.width, height: frame.height };
  } catch (error) {
    throw new PixelsError('corrupt', { cause: error });
  }
}
