import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import sharp, { type JpegOptions } from 'sharp';
import { describe, expect, it, test } from 'vitest';
import { decodeCommonJpeg } from '../../../../../model/input/pixels/jpeg/decode.ts';

const FIXTURES = new URL('../../../../fixtures/', import.meta.url);
const COMMON = [
  'images/jpeg-420.jpg',
  'images/jpeg-422.jpg',
  'images/jpeg-444.jpg',
  'images/jpeg-q30.jpg',
  'images/size-16x1200.jpg',
  'images/size-333x500.jpg',
  'images/size-960x960.jpg',
  'jpeg/restart.jpg',
  'jpeg/restart-422.jpg',
  'photos/astronaut.jpg',
] as const;
const UNCOMMON = [
  'images/jpeg-cmyk.jpg',
  'images/jpeg-gray.jpg',
  'images/jpeg-progressive.jpg',
  'images/size-1x1.jpg',
] as const;

const fixture = (name: string): Promise<Buffer> => readFile(new URL(name, FIXTURES));

/** The pixels of sharp's decoder, undefined if it refuses the file. */
const generally = (bytes: Uint8Array): Promise<Buffer | undefined> =>
  sharp(bytes, { failOn: 'error' })
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer()
    .catch(() => undefined);

/** A picture with smooth parts and noise. */
function encode(width: number, height: number, seed: number, options: JpegOptions): Promise<Buffer> {
  const pixels = Uint8Array.from({ length: width * height * 3 }, (_, at) => {
    const noise = Math.imul(at + seed, 2_654_435_761) >>> 24;
    return seed % 3 === 0 ? noise : (at >> 3) + (noise >> 3);
  });
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .jpeg(options)
    .toBuffer();
}

const anyJpeg = fc
  .record({
    width: fc.integer({ min: 16, max: 90 }),
    height: fc.integer({ min: 1, max: 70 }),
    seed: fc.integer({ min: 0, max: 999 }),
    options: fc.record({
      quality: fc.constantFrom(5, 40, 75, 95, 100),
      chromaSubsampling: fc.constantFrom('4:2:0', '4:4:4'),
      optimiseCoding: fc.boolean(),
    }),
  })
  .map(({ width, height, seed, options }) => encode(width, height, seed, options));

describe('decodeCommonJpeg', () => {
  test.each(COMMON)('gives the pixels of the general decoder: %s', async (name) => {
    const bytes = await fixture(name);
    const found = decodeCommonJpeg(bytes);
    expect(found && Buffer.from(found.pixels).equals((await generally(bytes)) ?? Buffer.of())).toBe(true);
  });

  test.each(UNCOMMON)('leaves the uncommon to the general decoder: %s', async (name) => {
    expect(decodeCommonJpeg(await fixture(name))).toBeUndefined();
  });

  it('gives the pixels of the general decoder for any size, quality and sampling', async () => {
    await fc.assert(
      fc.asyncProperty(anyJpeg, async (made) => {
        const bytes = await made;
        const found = decodeCommonJpeg(bytes);
        expect(Buffer.compare(found?.pixels ?? Buffer.of(), (await generally(bytes)) ?? Buffer.of())).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it('decodes nothing that the general decoder refuses or sees otherwise', async () => {
    const edits = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 3 });
    let decoded = 0;
    await fc.assert(
      fc.asyncProperty(anyJpeg, edits, fc.nat({ max: 40 }), async (made, changes, missing) => {
        const whole = await made;
        const bytes = Buffer.from(whole.subarray(0, whole.length - (missing > 30 ? missing - 30 : 0)));
        for (const [at, value] of changes) bytes[2 + (at % (bytes.length - 2))] = value;
        const found = decodeCommonJpeg(bytes);
        if (found === undefined) return;
        decoded++;
        // Before the next picture takes its place.
        const pixels = Buffer.from(found.pixels);
        expect(Buffer.compare(pixels, (await generally(bytes)) ?? Buffer.of())).toBe(0);
      }),
      { numRuns: 400 },
    );
    expect(decoded).toBeGreaterThan(20);
  });

  it('refuses a scan that ends early, or with more than it should have', async () => {
    const bytes = await encode(64, 64, 1, { quality: 80 });
    expect(decodeCommonJpeg(bytes)).toBeDefined();
    expect(decodeCommonJpeg(bytes.subarray(0, -2))).toBeUndefined();
    expect(decodeCommonJpeg(Buffer.concat([bytes.subarray(0, -40), bytes.subarray(-2)]))).toBeUndefined();
    expect(
      decodeCommonJpeg(Buffer.concat([bytes.subarray(0, -2), Buffer.alloc(8, 7), bytes.subarray(-2)])),
    ).toBeUndefined();
  });

  it('leaves large pictures to the general decoder, whose memory is freed', async () => {
    expect(decodeCommonJpeg(await encode(1200, 900, 1, { quality: 30 }))).toBeUndefined();
  });
});
