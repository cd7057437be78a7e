import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, test } from 'vitest';
import { readHeader, type ImageHeader } from '../../../../model/input/pixels/decoder.ts';
import { readJpegHeader } from '../../../../model/input/pixels/jpeg.ts';
import { toPixels } from '../../../../model/input/pixels/pixels.ts';
import { PixelsError } from '../../../../model/input/pixels/error.ts';

const EXAMPLE = fileURLToPath(new URL('../../../../demo/examples/3000001.jpg', import.meta.url));
const START_OF_SCAN = Buffer.of(0xff, 0xda);
const START_OF_FRAME = Buffer.of(0xff, 0xc0);

/** A picture of 41 x 30 pixels. */
const picture = (): Sharp =>
  sharp(
    Uint8Array.from({ length: 41 * 30 * 3 }, (_, at) => (at * 7919) & 255),
    { raw: { width: 41, height: 30, channels: 3 } },
  );

const KINDS: Readonly<Record<string, () => Promise<Buffer>>> = {
  baseline: () => picture().jpeg().toBuffer(),
  progressive: () => picture().jpeg({ progressive: true }).toBuffer(),
  'full colour resolution': () => picture().jpeg({ chromaSubsampling: '4:4:4' }).toBuffer(),
  gray: () => picture().greyscale().jpeg().toBuffer(),
  CMYK: () => picture().toColourspace('cmyk').jpeg().toBuffer(),
  'with EXIF and a colour profile': () => picture().withMetadata({ orientation: 6 }).jpeg().toBuffer(),
  'of the demo': () => readFile(EXAMPLE),
};

const relevant = ({ width, height, channels, space, depth, isProgressive, hasAlpha }: ImageHeader): ImageHeader => {
  return { width, height, channels, space, depth, isProgressive, hasAlpha };
};

describe('readJpegHeader', () => {
  test.each(Object.entries(KINDS))('reads what the decoder reads of a JPEG: %s', async (_, make) => {
    const bytes = await make();
    expect(readJpegHeader(bytes)).toEqual(relevant(await readHeader(bytes)));
  });

  test('leaves unusual headers to the decoder', async () => {
    const bytes = await picture().jpeg().toBuffer();
    const frame = bytes.indexOf(START_OF_FRAME);
    const twoComponents = Buffer.from(bytes).fill(2, frame + 9, frame + 10);
    const secondFrame = Buffer.concat([
      bytes.subarray(0, frame),
      bytes.subarray(frame, frame + 19),
      bytes.subarray(frame),
    ]);
    const noScan = bytes.subarray(0, bytes.indexOf(START_OF_SCAN));
    for (const damaged of [twoComponents, secondFrame, noScan]) expect(readJpegHeader(damaged)).toBeUndefined();
  });

  test('agrees with the decoder on damaged headers, or the picture is refused as corrupt', async () => {
    const bytes = await picture().jpeg().toBuffer();
    const end = bytes.indexOf(START_OF_SCAN) + 12;
    for (let at = 2; at < end; at += 3) {
      const damaged = Buffer.from(bytes);
      damaged[at] = 0xff - (bytes[at] ?? 0);
      const header = readJpegHeader(damaged);
      if (header === undefined) continue;
      const decoders = await readHeader(damaged).catch(() => undefined);
      if (decoders !== undefined) expect(header).toEqual(relevant(decoders));
      else await expect(toPixels(damaged, 8)).rejects.toEqual(new PixelsError('corrupt'));
    }
  });
});
