import sharp, { type Metadata, type Sharp } from 'sharp';

/** Most pixels: the number at which Pillow refuses an image as a decompression bomb. */
export const MAX_PIXELS = 178_956_970;
/** Longest side in pixels. */
export const MAX_SIDE = 20_000;

// sharp's switches hold for the whole process, and the project decodes images nowhere else: only the loaders of the
// five formats, from memory, may run. SVG and PDF, among others, can cost minutes and gigabytes.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: [
    'VipsForeignLoadJpegBuffer',
    'VipsForeignLoadPngBuffer',
    'VipsForeignLoadWebpBuffer',
    'VipsForeignLoadNsgifBuffer',
    'VipsForeignLoadTiffBuffer',
  ],
});
// No image is seen twice, and images rather than parts of one are decoded in parallel.
sharp.cache(false);
sharp.concurrency(1);

const OPTIONS = { failOn: 'error', ignoreIcc: true, sequentialRead: true } as const;

/** What the header of an image says. */
export type Header = Metadata;

/**
 * Opens an image for decoding: the first page, pixels as they are stored, without their colour profile applied; what
 * Pillow would refuse as damaged is refused.
 */
export function open(bytes: Uint8Array): Sharp {
  return sharp(bytes, { ...OPTIONS, limitInputPixels: MAX_PIXELS });
}

/** Reads what the header of an image says, of any size: it is for the caller to refuse what is too large. */
export function readHeader(bytes: Uint8Array): Promise<Header> {
  return sharp(bytes, { ...OPTIONS, limitInputPixels: false }).metadata();
}
