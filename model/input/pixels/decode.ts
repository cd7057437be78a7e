import type { Sharp } from 'sharp';
import { divideByAlpha, spreadLimitedRange } from './avif-samples.ts';
import { forDecoder, isGrayOfLimitedRange, isPremultiplied } from './avif.ts';
import { decodeBmp, readBmp } from './bmp.ts';
import { underBlack } from './cmyk.ts';
import { open } from './decoder.ts';
import { PixelsError, unreadable } from './error.ts';
import { decodeGif, readGif } from './gif.ts';
import { hasTooManyScans, isBrokenAfterScan } from './jpeg.ts';
import { avifOrientation, orientationOf, type OrientationMode } from './orientation.ts';
import type { Probe } from './probe.ts';
import { decodeTiff } from './tiff/decode.ts';
import { TiffFile } from './tiff/layout.ts';
import { varietyOf } from './tiff/variety.ts';
import { transpose, type RgbImage } from './transpose.ts';

/** Offset of the colour type in a PNG. 0 is gray, whose transparent value the decoder turns into an alpha channel. */
const PNG_COLOR_TYPE = 25;

/** Gray to RGB, clipped to a byte, as Pillow converts modes I and I;16. */
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

function cmykToRgb(samples: Uint8Array): Uint8Array {
  const pixels = new Uint8Array((samples.length / 4) * 3);
  for (let source = 0, target = 0; source < samples.length; source += 4, target += 3) {
    const black = samples[source + 3] ?? 0;
    for (let channel = 0; channel < 3; channel++) {
      pixels[target + channel] = underBlack(samples[source + channel] ?? 0, black);
    }
  }
  return pixels;
}

/** Which samples the decoder returns, and how to convert them to 8-bit RGB. */
interface Reading {
  readonly samples: Sharp;
  readonly toRgb: (data: Buffer, channels: number) => Uint8Array;
}

function readingOf(image: Sharp, { format, space, channels }: Probe, bytes: Uint8Array): Reading {
  if (space === 'cmyk') {
    const samples = image.pipelineColourspace('cmyk').toColourspace('cmyk').raw({ depth: 'uchar' });
    return { samples, toRgb: cmykToRgb };
  }
  const isGrayPng = format === 'png' && bytes[PNG_COLOR_TYPE] === 0;
  if (space === 'grey16' && (channels === 1 || isGrayPng)) {
    const samples = image.removeAlpha().toColourspace('grey16').raw({ depth: 'ushort' });
    const toRgb = (data: Buffer): Uint8Array =>
      grayToRgb(new Uint16Array(data.buffer, data.byteOffset, data.length / 2));
    return { samples, toRgb };
  }
  if (format === 'avif') return readingOfAvif(image, channels, bytes);
  const samples = image.removeAlpha().toColourspace('srgb').raw({ depth: 'uchar' });
  return { samples, toRgb: (data, count) => (count === 1 ? grayToRgb(data) : data) };
}

function readingOfAvif(image: Sharp, channels: number, bytes: Uint8Array): Reading {
  const divides = channels === 4 && isPremultiplied(bytes);
  const spreads = isGrayOfLimitedRange(bytes);
  return {
    samples: (divides ? image : image.removeAlpha()).toColourspace('srgb').raw({ depth: 'uchar' }),
    toRgb: (data, count) => {
      const samples = spreads ? spreadLimitedRange(data, count) : data;
      return divides ? divideByAlpha(samples) : samples;
    },
  };
}

/**
 * Decodes an image as Pillow's `open(...).convert('RGB')` does: only the first frame or page; colour profiles, alpha
 * and transparency are ignored. Then turns it as `ImageOps.exif_transpose` does, if the mode is 'upright' or it is a TIFF.
 * The colours of an AVIF may differ by some levels, because its colour planes are enlarged in another way.
 *
 * @param bytes the file
 * @param probe the result of `probe` for it
 * @throws PixelsError 'too-large' if a JPEG has too many scans, otherwise 'corrupt'; an Error if there is no memory
 */
export async function decode(bytes: Uint8Array, probe: Probe, mode: OrientationMode): Promise<RgbImage> {
  const { format } = probe;
  if (format === 'jpeg' && hasTooManyScans(bytes, probe.width * probe.height)) throw new PixelsError('too-large');
  if (format === 'jpeg' && isBrokenAfterScan(bytes)) throw new PixelsError('corrupt');
  try {
    switch (format) {
      case 'bmp':
        return decodeBmp(bytes, readBmp(bytes));
      case 'gif':
        return decodeGif(bytes, readGif(bytes));
      case 'avif': {
        const file = forDecoder(bytes);
        const metadata = await open(file).metadata();
        const image = await decodeBySharp(file, probe);
        return transpose(image, avifOrientation(bytes, metadata, mode));
      }
      case 'tiff':
        return transpose(await decodeTiffFile(bytes, probe), orientationOf(bytes, format));
      case 'jpeg':
      case 'png':
      case 'webp':
        return upright(await decodeBySharp(bytes, probe), bytes, format, mode);
    }
  } catch (error) {
    throw unreadable(error);
  }
}

/** Turns a picture as its file says, if the mode is 'upright'. */
export function upright(image: RgbImage, bytes: Uint8Array, format: Probe['format'], mode: OrientationMode): RgbImage {
  return transpose(image, mode === 'upright' ? orientationOf(bytes, format) : 1);
}

async function decodeTiffFile(bytes: Uint8Array, probe: Probe): Promise<RgbImage> {
  const file = new TiffFile(bytes);
  const variety = varietyOf(file.layout);
  return variety.needsLibtiff ? decodeBySharp(file.forLibtiff(), probe) : decodeTiff(bytes, file, variety);
}

async function decodeBySharp(bytes: Uint8Array, probe: Probe): Promise<RgbImage> {
  const { samples, toRgb } = readingOf(open(bytes), probe, bytes);
  const { data, info } = await samples.toBuffer({ resolveWithObject: true });
  return { pixels: toRgb(data, info.channels), width: info.width, height: info.height };
}
