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

/** The code of a marker, and its content in Latin-1. */
type Segment = readonly [code: number, content: string];
const JFIF: Segment = [0xe0, 'JFIF\0\x01\x01\0\0\x01\0\x01\0\0'];
const adobe = (transform: number): Segment => [0xee, `Adobe\0d\0\0\0\0${String.fromCharCode(transform)}`];

/** A JPEG that sharp has written, which has neither JFIF nor Adobe, with these segments and names of its components. */
function withHeader(jpeg: Buffer, segments: readonly Segment[], components: string): Buffer {
  const file = Buffer.from(jpeg);
  const [frame, scan] = [file.indexOf(Uint8Array.of(0xff, 0xc0)), file.indexOf(Uint8Array.of(0xff, 0xda))];
  for (const [index, name] of Array.from(components).entries()) {
    file.write(name, frame + 10 + 3 * index, 'latin1');
    file.write(name, scan + 5 + 2 * index, 'latin1');
  }
  const parts = segments.map(([code, content]) => {
    const head = Buffer.from([0xff, code, 0, content.length + 2]);
    return Buffer.concat([head, Buffer.from(content, 'latin1')]);
  });
  return Buffer.concat([file.subarray(0, 2), ...parts, file.subarray(2)]);
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

  it.each<[string, boolean, Segment[], string?]>([
    ['JFIF, whatever the components are called', true, [JFIF], 'RGB'],
    ['JFIF, whatever Adobe says', true, [JFIF, adobe(0)]],
    ['no segment, components 1, 2 and 3', true, []],
    [
      'EXIF, other data and a comment',
      true,
      [
        [0xe1, 'Exif\0\0'],
        [0xef, 'any'],
        [0xfe, 'any'],
      ],
    ],
    ['no segment, components R, G and B', false, [], 'RGB'],
    ['Adobe for YCbCr', true, [adobe(1)], 'RGB'],
    ['Adobe for RGB', false, [adobe(0)]],
    ['Adobe cut short, components 1, 2 and 3', true, [[0xee, 'Adobe\0d\0\0\0\0']]],
    ['JFIF cut short, and Adobe for RGB', false, [[0xe0, 'JFIF\0\x01\x01\0\0\x01\0\x01\0'], adobe(0)]],
    ['a table of factors that no component can have', false, [JFIF, [0xdb, `\x04${'\x01'.repeat(64)}`]]],
    ['factors of 16 bits', false, [JFIF, [0xdb, `\x10${'\0\x01'.repeat(64)}`]]],
    ['a table of codes that no component can have', false, [JFIF, [0xc4, `\x04\0\x01${'\0'.repeat(14)}\x05`]]],
    ['a DC coefficient of 16 bits', false, [JFIF, [0xc4, `\x02\0\x01${'\0'.repeat(14)}\x10`]]],
    ['fewer symbols than codes', false, [JFIF, [0xc4, `\x02\0\x02${'\0'.repeat(14)}\x05`]]],
    ['arithmetic coding', false, [JFIF, [0xcc, '\0\x10']]],
  ])('judges a header as the general decoder does: %s', async (_, isCommon, segments, components = '\x01\x02\x03') => {
    const bytes = withHeader(await encode(48, 40, 1, { quality: 80 }), segments, components);
    const found = decodeCommonJpeg(bytes);
    expect(found !== undefined).toBe(isCommon);
    if (found !== undefined) expect(Buffer.compare(found.pixels, (await generally(bytes)) ?? Buffer.of())).toBe(0);
  });

  it('leaves large pictures to the general decoder, whose memory is freed', async () => {
    expect(decodeCommonJpeg(await encode(1200, 900, 1, { quality: 30 }))).toBeUndefined();
  });
});
