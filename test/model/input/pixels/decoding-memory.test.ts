import { readFileSync } from 'node:fs';
import sharp, { type JpegOptions } from 'sharp';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { coefficientBytes } from '../../../../model/input/pixels/jpeg.ts';
import { closePixels, limitPixelMemory, toPixels } from '../../../../model/input/pixels/pixels.ts';
import { probe } from '../../../../model/input/pixels/probe.ts';
import { memoryLimit } from '../../../../model/memory-limit.ts';
import { PICTURE_KINDS, picture } from '../../../../testing/picture-kinds.ts';
import { bmp } from './files.ts';

const WIDTH = 64;
const HEIGHT = 48;

/** Bytes per pixel that decoding takes, as bench/decoding-memory.ts measures them on a large picture. */
const MEASURED: Readonly<Record<string, number>> = {
  'JPEG 4:2:0': 3,
  'JPEG gray': 4,
  'JPEG CMYK': 7,
  'JPEG progressive 4:2:0': 6,
  'JPEG progressive 4:4:4': 9,
  'JPEG progressive gray': 4,
  'JPEG progressive CMYK': 12,
  'JPEG 4:2:0 turned': 6,
  'JPEG progressive 4:2:0 turned': 6,
  'PNG RGB': 3,
  'PNG 16-bit gray': 6,
  'PNG interlaced RGB': 6,
  'PNG interlaced RGBA': 7,
  'PNG interlaced 16-bit RGBA': 11,
  WebP: 11,
  'WebP with alpha': 12,
  'WebP lossless': 11,
  GIF: 4,
  // The strip counts too. Here it holds the whole picture, unlike in a large one.
  'TIFF RGB, LZW': 6,
  'TIFF RGB, LZW, turned': 6,
  'TIFF RGB, JPEG': 9,
  'TIFF CMYK': 7,
  'TIFF RGBA premultiplied, one strip': 3,
};

afterEach(() => {
  limitPixelMemory(memoryLimit() / 2);
});
afterAll(closePixels);

describe('the memory of decoding', () => {
  it.each(Object.entries(MEASURED))('%s takes %d bytes per pixel', async (name, bytes) => {
    const kind = PICTURE_KINDS.find((each) => each.name === name) ?? expect.fail();
    const { memory } = await probe(await kind.encode(picture(WIDTH, HEIGHT), WIDTH, HEIGHT));
    expect(memory / (WIDTH * HEIGHT)).toBe(bytes);
  });

  it('counts the indices of a BMP in run lengths, and the alpha of an AVIF', async () => {
    const pixels = WIDTH * HEIGHT;
    const file = bmp(WIDTH, HEIGHT);
    expect((await probe(file)).memory).toBe(3 * pixels);
    file.writeUInt16LE(8, 28);
    file.writeUInt32LE(1, 30);
    expect((await probe(file)).memory).toBe(4 * pixels);
    const avif = picture(WIDTH, HEIGHT).avif({ effort: 0 });
    expect((await probe(await avif.toBuffer())).memory).toBe(20 * pixels);
    expect((await probe(await avif.ensureAlpha(0.5).toBuffer())).memory).toBe(30 * pixels);
  });

  it('counts the tile of an AVIF that shows only a part of it', async () => {
    const recorded = JSON.parse(
      readFileSync(new URL('../../../fixtures/varieties/avif.json', import.meta.url), 'utf8'),
    ) as Readonly<Record<string, { readonly file: string }>>;
    const file = Buffer.from(recorded['avif of a part of a tile']?.file ?? expect.fail(), 'base64');
    expect(await probe(file)).toMatchObject({ width: 64, height: 64, memory: 640 * 640 * 20 });
    const sizes = file.lastIndexOf('ispe') + 8;
    file.writeUInt32BE(7000, sizes);
    file.writeUInt32BE(8000, sizes + 4);
    await expect(probe(file)).rejects.toMatchObject({
      code: 'too-large',
      message: expect.stringContaining('pixels of an AVIF') as unknown,
    });
  });

  it('is waited for, and a picture that needs more is refused with the limit', async () => {
    const file = await sharp({ create: { width: 4000, height: 3000, channels: 3, background: '#555' } })
      .jpeg({ progressive: true })
      .toBuffer();
    const alone = 16 * 2 ** 20 + 6 * 12e6 + 2 * file.length;
    limitPixelMemory(alone);
    const both = await Promise.all([toPixels(file, 8), toPixels(file, 8)]);
    expect(both.map(({ length }) => length)).toEqual([192, 192]);
    limitPixelMemory(alone - 1);
    await expect(toPixels(file, 8)).rejects.toMatchObject({
      code: 'too-large',
      message:
        'The image is too large: to decode its 4000 x 3000 pixels takes 85 MiB of memory, and 85 MiB are allowed.',
    });
  });
});

describe('the coefficients of a JPEG', () => {
  const encode = (options: JpegOptions): Promise<Buffer> => picture(WIDTH, HEIGHT).jpeg(options).toBuffer();

  it('are held if there are several scans, whatever the frame is called', async () => {
    const file = await encode({ chromaSubsampling: '4:4:4' });
    expect(coefficientBytes(file)).toBe(0);
    const scan = file.indexOf(Uint8Array.of(0xff, 0xda));
    // A first scan of one component.
    file[scan + 4] = 1;
    expect(coefficientBytes(file)).toBe(6);
  });

  it('of subsampled components are fewer', async () => {
    expect(coefficientBytes(await encode({ progressive: true }))).toBe(3);
    expect(coefficientBytes(await encode({ progressive: true, chromaSubsampling: '4:4:4' }))).toBe(6);
  });

  it('are unknown if no scan is found', async () => {
    const file = await encode({ progressive: true });
    expect(coefficientBytes(file.subarray(0, 100))).toBeUndefined();
    const frame = file.indexOf(Uint8Array.of(0xff, 0xc2));
    const hidden = Buffer.concat([file.subarray(0, frame), Buffer.alloc(1), file.subarray(frame)]);
    expect(coefficientBytes(hidden)).toBeUndefined();
    expect((await probe(hidden)).memory).toBe(9 * WIDTH * HEIGHT);
  });
});
