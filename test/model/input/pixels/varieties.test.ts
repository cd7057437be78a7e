import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { decode } from '../../../../model/input/pixels/decode.ts';
import { closePixels, toPixels } from '../../../../model/input/pixels/pixels.ts';
import { probe } from '../../../../model/input/pixels/probe.ts';
import { gif, png, tiff } from './files.ts';

// Every image here is a square of the size that is asked for, so nothing is resized and the pixels can be written down.

afterAll(closePixels);

/** 128 colours, none of them gray, as GIF has them. */
const colors = Array.from({ length: 128 }, (_, index) => [index, 255 - index, (index * 7) % 256]).flat();
const colorsOf = (indices: number[], table = colors): number[] =>
  indices.flatMap((index) => table.slice(3 * index, 3 * index + 3));

describe('a GIF', () => {
  it('shows transparent pixels in their colour, also around the frame', async () => {
    const file = gif({
      canvas: [3, 3],
      frame: [1, 1, 2, 1],
      indices: [5, 9],
      globalColors: colors,
      transparent: 5,
    });
    expect([...(await toPixels(file, 3))]).toEqual(colorsOf([5, 5, 5, 5, 5, 9, 5, 5, 5]));
  });

  it('has the first colour around the frame where nothing is transparent', async () => {
    const file = gif({ canvas: [2, 2], frame: [1, 0, 1, 2], indices: [7, 8], globalColors: colors });
    expect([...(await toPixels(file, 2))]).toEqual(colorsOf([0, 7, 0, 8]));
  });

  it('grows to hold a frame that sticks out', async () => {
    const file = gif({ canvas: [1, 1], frame: [1, 1, 1, 1], indices: [3], globalColors: colors });
    expect([...(await toPixels(file, 2))]).toEqual(colorsOf([0, 0, 0, 3]));
  });

  it("prefers the frame's own colours", async () => {
    const localColors = colors.map((value) => 255 - value);
    const file = gif({
      canvas: [2, 2],
      frame: [0, 0, 2, 2],
      indices: [1, 2, 3, 4],
      globalColors: colors,
      localColors,
    });
    expect([...(await toPixels(file, 2))]).toEqual(colorsOf([1, 2, 3, 4], localColors));
  });

  it('is black where its table has no colour', async () => {
    const file = gif({
      canvas: [2, 2],
      frame: [0, 0, 2, 1],
      indices: [3, 4],
      globalColors: colors.slice(0, 12),
      transparent: 9,
    });
    expect([...(await toPixels(file, 2))]).toEqual([...colorsOf([3]), 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('has a table of levels of gray in order as if it had none', async () => {
    const levels = [0, 1, 2, 3].flatMap((value) => [value, value, value]);
    const gray = gif({ canvas: [2, 2], frame: [0, 0, 2, 2], indices: [0, 3, 4, 127], globalColors: levels });
    expect([...(await toPixels(gray, 2))]).toEqual([0, 3, 4, 127].flatMap((value) => [value, value, value]));
    const file = gif({
      canvas: [2, 2],
      frame: [0, 0, 2, 2],
      indices: [1, 5, 9, 2],
      globalColors: colors,
      localColors: levels,
    });
    expect([...(await toPixels(file, 2))]).toEqual(colorsOf([1, 5, 9, 2]));
  });

  it('may lack the code for the end of its pixels', async () => {
    const file = gif({
      canvas: [2, 2],
      frame: [0, 0, 2, 2],
      indices: [6, 7, 8, 9],
      globalColors: colors,
      hasEnd: false,
    });
    expect([...(await toPixels(file, 2))]).toEqual(colorsOf([6, 7, 8, 9]));
  });

  it('without colours is gray', async () => {
    const file = gif({ canvas: [2, 2], frame: [0, 0, 2, 2], indices: [0, 50, 100, 127] });
    expect([...(await toPixels(file, 2))]).toEqual([0, 50, 100, 127].flatMap((value) => [value, value, value]));
  });
});

describe('a PNG', () => {
  const wide = [0, 255, 256, 65_535];
  const rows = [Buffer.from([0, 0, 0, 255]), Buffer.from([1, 0, 255, 255])];
  const clipped = wide.flatMap((value) => Array<number>(3).fill(Math.min(value, 255)));

  it('of 16-bit gray is clipped to a byte, with a transparent value or without', async () => {
    const header = { width: 2, height: 2, bits: 16, colorType: 0 };
    expect([...(await toPixels(png(header, rows), 2))]).toEqual(clipped);
    expect([...(await toPixels(png(header, rows, Uint8Array.of(0, 255)), 2))]).toEqual(clipped);
  });

  it('of 16-bit colours or gray with alpha loses the low byte', async () => {
    const rgb = png({ width: 1, height: 1, bits: 16, colorType: 2 }, [Uint8Array.of(1, 255, 128, 127, 255, 128)]);
    expect([...(await toPixels(rgb, 1))]).toEqual([1, 128, 255]);
    const gray = png({ width: 1, height: 1, bits: 16, colorType: 4 }, [Uint8Array.of(77, 200, 3, 3)]);
    expect([...(await toPixels(gray, 1))]).toEqual([77, 77, 77]);
  });

  it('shows transparent pixels in their colour', async () => {
    const rgba = png({ width: 1, height: 1, bits: 8, colorType: 6 }, [Uint8Array.of(10, 20, 30, 0)]);
    expect([...(await toPixels(rgba, 1))]).toEqual([10, 20, 30]);
  });
});

describe('a TIFF', () => {
  const bits = 258;
  const photometric = 262;
  const orientation = 274;
  const samples = 277;
  const planes = 284;
  const extra = 338;
  const format = 339;
  const jpegTiles = { 259: 7, 322: 16, 323: 16, 324: 8, 325: 8 };
  const rgb = { [bits]: [8, 8, 8], [photometric]: 2, [samples]: 3 };
  const ycbcr = { [bits]: [8, 8, 8], [photometric]: 6, [samples]: 3 };
  const rgba = { [bits]: [8, 8, 8, 8], [photometric]: 2, [samples]: 4 };
  const grayAlpha = { [bits]: [8, 8], [photometric]: 1, [samples]: 2, [extra]: 2 };

  it('is turned as its orientation says', async () => {
    const data = Uint8Array.from({ length: 12 }, (_, index) => index);
    const upsideDown = tiff(2, 2, { ...rgb, [orientation]: 3 }, data);
    expect([...(await toPixels(upsideDown, 2))]).toEqual([9, 10, 11, 6, 7, 8, 3, 4, 5, 0, 1, 2]);
  });

  it('has the alpha that was multiplied in taken out, to the bit', async () => {
    for (let alpha = 0; alpha < 256; alpha += 3) {
      const data = Uint8Array.from({ length: 16 * 16 * 4 }, (_, index) => (index % 4 === 3 ? alpha : index >> 2));
      const pixels = await toPixels(tiff(16, 16, { ...rgba, [extra]: 1 }, data), 16);
      const divided = (value: number): number => (alpha === 0 ? 0 : Math.min(255, Math.floor((value * 255) / alpha)));
      const expected = Array.from({ length: 256 }, (_, value) => Array<number>(3).fill(divided(value))).flat();
      expect([alpha, ...pixels]).toEqual([alpha, ...expected]);
    }
  });

  it('keeps its colours where the alpha was not multiplied in', async () => {
    const file = tiff(1, 1, { ...rgba, [extra]: 2 }, Uint8Array.of(10, 20, 30, 5));
    expect([...(await toPixels(file, 1))]).toEqual([10, 20, 30]);
  });

  it('may be compressed with LZMA in several chunks', async () => {
    const [width, height] = [2048, 1100];
    const strip = readFileSync(new URL('../../../fixtures/varieties/long-strip.xz', import.meta.url));
    const file = tiff(width, height, { [bits]: 8, [photometric]: 1, 259: 34_925 }, strip);
    const { pixels } = await decode(file, await probe(file), 'stored');
    const level = (x: number, y: number): number => (x >> 4) + (y >> 6) * 3;
    const expected = Uint8Array.from(pixels, (_, at) => {
      const pixel = Math.floor(at / 3);
      return level(pixel % width, Math.floor(pixel / width));
    });
    expect(pixels).toHaveLength(width * height * 3);
    expect(Buffer.compare(pixels, expected)).toBe(0);
  });

  it('may have LZW of old writers, with the lowest bit first', async () => {
    const levels = [1, 20, 3, 40, 5, 60, 7, 80, 9, 100, 11, 120];
    // Codes of 9 bits between those that clear the table and end the data: 16 bytes.
    const codes = [256, ...levels, 257].reduceRight((all, code) => (all << 9n) | BigInt(code), 0n);
    const data = Buffer.from(codes.toString(16).padStart(32, '0'), 'hex').reverse();
    expect([...(await toPixels(tiff(2, 2, { ...rgb, 259: 5 }, data), 2))]).toEqual(levels);
  });

  it('of CIE Lab has the same colour for a pixel whatever precedes it', async () => {
    const lab = { [bits]: [8, 8, 8], [photometric]: 8, [samples]: 3 };
    const rgbOf = async (...labs: number[][]): Promise<number[]> => {
      const file = tiff(labs.length, 1, lab, Uint8Array.from(labs.flat()));
      return [...(await decode(file, await probe(file), 'stored')).pixels];
    };
    // Each pair of neighbours differs in one sample.
    const there = [
      [200, 10, 10],
      [200, 60, 10],
      [200, 60, 60],
      [200, 10, 60],
      [200, 10, 10],
      [200, 10, 60],
      [90, 10, 60],
    ];
    const colours = [...there, ...there.toReversed()];
    const alone = await Promise.all(colours.map((colour) => rgbOf(colour)));
    expect(new Set(alone.map(String)).size).toBe(5);
    expect(await rgbOf(...colours)).toEqual(alone.flat());
  });

  it('of inks becomes colours by the rounded product', async () => {
    const file = tiff(1, 1, { [bits]: [8, 8, 8, 8], [photometric]: 5, [samples]: 4 }, Uint8Array.of(100, 0, 255, 55));
    expect([...(await toPixels(file, 1))]).toEqual([200 - Math.round((100 * 200) / 255), 200, 0]);
  });

  it.each<[string, Record<number, number | number[]>]>([
    ['16-bit float gray (1 sample)', { [bits]: 16, [photometric]: 1, [format]: 3, [samples]: 1 }],
    ['64-bit float gray (1 sample)', { [bits]: 64, [photometric]: 1, [format]: 3, [samples]: 1 }],
    ['12-bit RGB (3 samples)', { [bits]: [12, 12, 12], [photometric]: 2, [samples]: 3 }],
    ['8-bit gray (3 samples)', { [bits]: [8, 8, 8], [photometric]: 1, [samples]: 3 }],
    ['16-bit RGB (3 samples with reversed bits)', { [bits]: [16, 16, 16], [photometric]: 2, [samples]: 3, 266: 2 }],
    ['16-bit complex gray (1 sample)', { [bits]: 16, [photometric]: 1, [format]: 5, [samples]: 1 }],
    ['4-bit gray (1 sample with predictor 2)', { [bits]: 4, [photometric]: 1, 317: 2, 259: 5 }],
    ['8-bit YCbCr (3 samples)', { ...ycbcr, 530: [1, 4] }],
    ['8-bit YCbCr (3 samples in separate planes)', { ...ycbcr, [planes]: 2, 530: [2, 1] }],
    ['8-bit YCbCr (3 samples in separate planes)', { ...ycbcr, [planes]: 2, 530: [1, 2] }],
    ['8-bit YCbCr (3 samples with predictor 2)', { ...ycbcr, 259: 5, 317: 2 }],
    ['8-bit ICC Lab (3 samples)', { [bits]: [8, 8, 8], [photometric]: 9, [samples]: 3 }],
    ['8-bit RGB (3 samples compressed with LERC)', { ...rgb, 259: 34_887 }],
    ['8-bit RGB (3 samples compressed with method 999)', { ...rgb, 259: 999 }],
    ['8-bit RGB (3 samples in separate planes in tiles compressed with JPEG)', { ...rgb, [planes]: 2, ...jpegTiles }],
    ['8-bit RGB (4 samples in tiles compressed with JPEG)', { ...rgba, [extra]: 2, ...jpegTiles }],
    ['8-bit gray (2 samples in tiles compressed with JPEG)', { ...grayAlpha, ...jpegTiles }],
    ['8-bit palette (1 sample in tiles compressed with JPEG)', { [bits]: 8, [photometric]: 3, ...jpegTiles }],
    ['8-bit signed gray (1 sample compressed with JPEG)', { [bits]: 8, [photometric]: 1, [format]: 2, 259: 7 }],
  ])('of %s is refused by that name', async (name, tags) => {
    const file = tiff(1, 1, tags, new Uint8Array(8));
    await expect(toPixels(file, 1)).rejects.toMatchObject({
      name: 'PixelsError',
      code: 'unsupported',
      message: `The image is a TIFF of ${name}, which is not supported: send it as PNG, or as TIFF with 8-bit RGB.`,
    });
  });
});
