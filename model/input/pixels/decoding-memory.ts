import type { ImageFormat } from '../../image-format.ts';
import type { ImageHeader } from './decoder.ts';
import { coefficientBytes } from './jpeg.ts';
import { orientationOf } from './orientation.ts';
import { COMPRESSION } from './tiff/decompress.ts';
import { TiffFile } from './tiff/layout.ts';

/** Bytes of a pixel of the result, and of the image before it is turned upright. */
const RGB = 3;

/** The formats whose memory follows from the header that libvips reads; among TIFFs, those that libtiff decodes. */
type Decoded = Extract<ImageFormat, 'jpeg' | 'png' | 'webp' | 'tiff'>;

/**
 * Estimates the memory that decoding takes at its peak, besides the file. bench/decoding-memory.ts compares it with what
 * each kind of picture takes. The decoder's own memory is freed before its result is converted and turned.
 *
 * @param bytes the file
 * @param header what the decoder says about it
 * @returns bytes
 */
export function decodingMemory(bytes: Uint8Array, format: Decoded, header: ImageHeader): number {
  const { width, height, space, depth } = header;
  const samples = space === 'cmyk' ? 4 : space === 'b-w' && depth === 'uchar' ? 1 : RGB;
  const isConverted = space === 'cmyk' || space === 'b-w' || space === 'grey16';
  const isTurned = orientationOf(bytes, format) !== 1;
  const afterwards = samples + (isConverted ? RGB : 0) + (isTurned ? RGB : 0);
  return width * height * Math.max(heldByDecoder(bytes, format, header) + samples, afterwards);
}

/** Bytes per pixel that a decoder holds because it cannot work row by row. */
function heldByDecoder(bytes: Uint8Array, format: Decoded, { channels, depth, isProgressive }: ImageHeader): number {
  const pixelBytes = channels * (depth === 'uchar' ? 1 : depth === 'ushort' ? 2 : 4);
  switch (format) {
    case 'jpeg':
      return coefficientBytes(bytes) ?? 2 * channels;
    case 'png':
      return isProgressive ? pixelBytes : 0;
    case 'webp':
      // The frame and the canvas, or the frame and what a lossless one is decoded to, and tables.
      return 5 + channels;
    case 'tiff': {
      const { compression, isTiled } = new TiffFile(bytes).layout;
      // The tiles of a row, of which there may be only one, and of the row before.
      const tiles = isTiled ? 2 * pixelBytes : 0;
      // The JPEG in a strip or tile may be progressive.
      return tiles + (compression === COMPRESSION.jpeg ? 2 * channels : 0);
    }
  }
}
