import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';
import sharp, { type Metadata, type Sharp } from 'sharp';
import { MAX_PIXELS } from './limits.ts';

/** Set for the threads that this one starts, once the settings below are made. */
const IS_SET_UP = 'ofa-ve: the decoder is set up';

/**
 * Sets sharp up. Its settings apply to the whole process, which decodes images nowhere else, and are made once: all
 * formats are blocked before some are unblocked, and a picture that another thread reads in between would be refused.
 */
function setUp(): void {
  if (getEnvironmentData(IS_SET_UP) === true) return;
  // Only the loaders of these formats may run, and only from memory. SVG and PDF, among others, can cost minutes and
  // gigabytes.
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({
    operation: [
      'VipsForeignLoadJpegBuffer',
      'VipsForeignLoadPngBuffer',
      'VipsForeignLoadWebpBuffer',
      'VipsForeignLoadTiffBuffer',
      // The prebuilt decoder has AV1 alone, so it reads AVIF but not HEIC.
      'VipsForeignLoadHeifBuffer',
    ],
  });
  // No image is decoded twice, and parallelism is between images, not within one.
  sharp.cache(false);
  sharp.concurrency(1);
  setEnvironmentData(IS_SET_UP, true);
}

setUp();

const OPTIONS = { failOn: 'error', ignoreIcc: true, sequentialRead: true } as const;

/**
 * Opens the first page of an image for decoding, without applying its colour profile. What Pillow would reject as
 * damaged is an error.
 */
export function open(bytes: Uint8Array): Sharp {
  return sharp(bytes, { ...OPTIONS, limitInputPixels: MAX_PIXELS });
}

/** What a header says about an image. */
export interface ImageHeader extends Pick<
  Metadata,
  'width' | 'height' | 'space' | 'depth' | 'isProgressive' | 'hasAlpha'
> {
  readonly channels: number;
}

/** Reads the header of an image of any size. The caller must check the size. */
export function readHeader(bytes: Uint8Array): Promise<ImageHeader> {
  return sharp(bytes, { ...OPTIONS, limitInputPixels: false }).metadata();
}
