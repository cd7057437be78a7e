import { deflateSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { orientationOf } from '../../../../model/input/pixels/orientation.ts';
import { closePixels, toPixels } from '../../../../model/input/pixels/pixels.ts';
import { transpose } from '../../../../model/input/pixels/transpose.ts';
import { pngChunk, tiff } from './files.ts';

/** Pixels along each side of the test images: nothing is resized, and turning one crosses the blocks of 64. */
const SIDE = 70;
const ORIENTATIONS = [1, 2, 3, 4, 5, 6, 7, 8] as const;
const stored = Uint8Array.from({ length: SIDE * SIDE * 3 }, (_, index) => (index * 31 + (index >> 7)) & 255);

const image = (): Sharp => sharp(stored, { raw: { width: SIDE, height: SIDE, channels: 3 } });

/** Where a pixel of the upright image is stored, from EXIF's definition of the orientations. */
const SOURCE: Record<number, (x: number, y: number, width: number, height: number) => [number, number]> = {
  1: (x, y) => [x, y],
  2: (x, y, width) => [width - 1 - x, y],
  3: (x, y, width, height) => [width - 1 - x, height - 1 - y],
  4: (x, y, _width, height) => [x, height - 1 - y],
  5: (x, y) => [y, x],
  6: (x, y, _width, height) => [y, height - 1 - x],
  7: (x, y, width, height) => [width - 1 - y, height - 1 - x],
  8: (x, y, width) => [width - 1 - y, x],
};

function upright(pixels: Uint8Array, width: number, height: number, orientation: number): Uint8Array {
  const [columns, rows] = orientation >= 5 ? [height, width] : [width, height];
  const result = new Uint8Array(pixels.length);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const [fromX, fromY] = SOURCE[orientation]?.(x, y, width, height) ?? [0, 0];
      const from = 3 * (fromY * width + fromX);
      result.set(pixels.subarray(from, from + 3), 3 * (y * columns + x));
    }
  }
  return result;
}

function exif(orientation: number, { type = 3, count = 1 } = {}): Buffer {
  const file = Buffer.alloc(26);
  file.write('II*\0', 'latin1');
  file.writeUInt32LE(8, 4);
  file.writeUInt16LE(1, 8);
  file.writeUInt16LE(274, 10);
  file.writeUInt16LE(type, 12);
  file.writeUInt32LE(count, 14);
  file.writeUInt32LE(orientation, 18);
  return file;
}

const xmp = (orientation: number): string =>
  `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="${orientation}"/></x:xmpmeta>`;
const xmpElement = (orientation: number): string => `<tiff:Orientation>${orientation}</tiff:Orientation>`;

/** Puts segments in front of the others of a JPEG. */
const withSegments = (jpeg: Buffer, ...contents: (string | Buffer)[]): Buffer =>
  Buffer.concat([
    jpeg.subarray(0, 2),
    ...contents.map((content) => {
      const body = Buffer.from(content);
      const head = Buffer.from([0xff, 0xe1, 0, 0]);
      head.writeUInt16BE(body.length + 2, 2);
      return Buffer.concat([head, body]);
    }),
    jpeg.subarray(2),
  ]);

const exifSegment = (content: Buffer): Buffer => Buffer.concat([Buffer.from('Exif\0\0'), content]);
const xmpSegment = (content: string): string => `http://ns.adobe.com/xap/1.0/\0${content}`;

/** Puts a chunk into a PNG, in front of the pixels or behind them. */
function withChunk(png: Buffer, where: 'front' | 'end', type: string, content: Uint8Array): Buffer {
  const at = where === 'front' ? 33 : png.length - 12;
  return Buffer.concat([png.subarray(0, at), pngChunk(type, content), png.subarray(at)]);
}

const text = (...parts: (string | Uint8Array)[]): Buffer => Buffer.concat(parts.map((part) => Buffer.from(part)));

afterAll(closePixels);

describe.each(['jpeg', 'png', 'webp', 'tiff'] as const)('a %s file', (format) => {
  it.each(ORIENTATIONS)('of orientation %d is turned upright', async (orientation) => {
    const options = format === 'webp' ? { lossless: true } : {};
    const file = await image().withMetadata({ orientation }).toFormat(format, options).toBuffer();
    const asStored = await toPixels(file, SIDE, { orientation: 'stored' });
    const turned = await toPixels(file, SIDE);
    if (format === 'tiff') {
      // Pillow turns it as it opens it.
      expect(turned).toEqual(asStored);
    } else {
      expect(turned).toEqual(upright(asStored, SIDE, SIDE, orientation));
    }
    if (format === 'png' || format === 'webp') expect(asStored).toEqual(stored);
  });
});

describe('turning an image', () => {
  it.each(ORIENTATIONS)('moves every pixel to its place: orientation %d', (orientation) => {
    const [width, height] = [130, 67];
    const pixels = Uint8Array.from({ length: width * height * 3 }, (_, index) => (index * 7 + (index >> 8)) & 255);
    const turned = transpose({ pixels, width, height }, orientation);
    expect([turned.width, turned.height]).toEqual(orientation >= 5 ? [height, width] : [width, height]);
    expect(turned.pixels).toEqual(upright(pixels, width, height, orientation));
  });
});

describe('the orientation of a JPEG', () => {
  const plain = image().jpeg().toBuffer();
  const orientation = async (...segments: (string | Buffer)[]): Promise<number> =>
    orientationOf(withSegments(await plain, ...segments), 'jpeg');

  it('is that of its XMP if its EXIF has none', async () => {
    expect(await orientation(xmpSegment(xmp(6)))).toBe(6);
    expect(await orientation(xmpSegment(xmpElement(8)))).toBe(8);
    expect(await orientation(exifSegment(exif(6, { count: 0 })), xmpSegment(xmp(3)))).toBe(3);
    const file = withSegments(await plain, xmpSegment(xmp(5)));
    const asStored = await toPixels(file, SIDE, { orientation: 'stored' });
    expect(await toPixels(file, SIDE)).toEqual(upright(asStored, SIDE, SIDE, 5));
  });

  it('is that of its EXIF, whatever its XMP says', async () => {
    expect(await orientation(exifSegment(exif(1)), xmpSegment(xmp(6)))).toBe(1);
    expect(await orientation(exifSegment(exif(0)), xmpSegment(xmp(6)))).toBe(1);
    expect(await orientation(exifSegment(exif(9)), xmpSegment(xmp(6)))).toBe(1);
    expect(await orientation(exifSegment(exif(6)), xmpSegment(xmp(3)))).toBe(6);
  });

  it('comes from all EXIF segments joined, and from the last XMP', async () => {
    const content = exif(6);
    expect(await orientation(exifSegment(content.subarray(0, 9)), exifSegment(content.subarray(9)))).toBe(6);
    expect(await orientation(xmpSegment(xmp(6)), xmpSegment(xmp(3)))).toBe(3);
  });

  it('may be a number of any type, and of several values the first, but no byte and no text', async () => {
    for (const type of [3, 4, 6, 8, 9, 13]) expect(await orientation(exifSegment(exif(6, { type })))).toBe(6);
    expect(await orientation(exifSegment(exif(6, { count: 2 })))).toBe(6);
    const float = exif(0, { type: 11 });
    float.writeFloatLE(6, 18);
    expect(await orientation(exifSegment(float))).toBe(6);
    const fraction = Buffer.concat([exif(26, { type: 10 }), Uint8Array.of(12, 0, 0, 0, 2, 0, 0, 0)]);
    expect(await orientation(exifSegment(fraction))).toBe(6);
    for (const type of [1, 2, 7]) {
      expect(await orientation(exifSegment(exif(6, { type })), xmpSegment(xmp(8)))).toBe(1);
    }
  });

  it('is upright where its EXIF does not begin like a TIFF, whatever its XMP says', async () => {
    for (const start of ['II)\0', 'II+\0', 'ABCD']) {
      const content = exif(6);
      content.write(start, 'latin1');
      expect(await orientation(exifSegment(content), xmpSegment(xmp(8)))).toBe(1);
    }
    const swapped = exif(6);
    swapped.write('II\0*', 'latin1');
    expect(await orientation(exifSegment(swapped))).toBe(6);
    expect(await orientation(exifSegment(Buffer.alloc(0)), xmpSegment(xmp(8)))).toBe(8);
  });

  it('is not read behind an entry whose values are missing, as in Pillow', async () => {
    const content = Buffer.concat([exif(6).subarray(0, 22), exif(500, { type: 2, count: 20 }).subarray(10)]);
    content.writeUInt16LE(2, 8);
    content.writeUInt16LE(305, 22);
    expect(await orientation(exifSegment(content))).toBe(6);
    const [first, second] = [content.subarray(10, 22), content.subarray(22, 34)];
    const swapped = Buffer.concat([content.subarray(0, 10), second, first, content.subarray(34)]);
    expect(await orientation(exifSegment(swapped))).toBe(1);
    expect(await orientation(exifSegment(swapped), xmpSegment(xmp(3)))).toBe(3);
  });

  it('counts as upright where EXIF is truncated', async () => {
    const content = exif(6);
    for (let length = 0; length < 22; length++) {
      expect(await orientation(exifSegment(content.subarray(0, length)))).toBe(1);
    }
  });
});

describe('the orientation of a PNG', () => {
  const plain = image().png().toBuffer();

  it.each(['front', 'end'] as const)('is found at the %s of the file', async (where) => {
    const png = await plain;
    const of = (type: string, content: Uint8Array): number =>
      orientationOf(withChunk(png, where, type, content), 'png');
    const keyword = 'XML:com.adobe.xmp\0';
    const profile = `\nexif\n      26\n${exif(7).toString('hex')}\n`;
    expect(of('eXIf', exif(6))).toBe(6);
    expect(of('iTXt', text(keyword, '\0\0en\0title\0', xmp(3)))).toBe(3);
    expect(of('iTXt', text(keyword, '\x01\0\0\0', deflateSync(xmp(4))))).toBe(4);
    expect(of('zTXt', text('Raw profile type exif\0\0', deflateSync(profile)))).toBe(7);
    expect(of('tEXt', text('Raw profile type exif\0', profile))).toBe(7);
    const file = withChunk(png, where, 'eXIf', exif(8));
    expect(await toPixels(file, SIDE)).toEqual(upright(stored, SIDE, SIDE, 8));
  });

  it('counts as upright where a compressed text is damaged or huge', async () => {
    const head = 'XML:com.adobe.xmp\0\x01\0\0\0';
    const huge = deflateSync(Buffer.concat([Buffer.from(xmp(6)), Buffer.alloc(2 ** 21)]));
    for (const content of [Buffer.from('none'), huge]) {
      expect(orientationOf(withChunk(await plain, 'front', 'iTXt', text(head, content)), 'png')).toBe(1);
    }
  });
});

describe('the orientation of a WebP', () => {
  it('is ignored unless the header announces it', async () => {
    const file = await image().withMetadata({ orientation: 6 }).webp().toBuffer();
    expect(orientationOf(file, 'webp')).toBe(6);
    file[20] = 0;
    expect(orientationOf(file, 'webp')).toBe(1);
  });
});

describe('the orientation of a TIFF', () => {
  const rgb = { 258: [8, 8, 8], 259: 1, 262: 2, 277: 3 };
  const data = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);

  it('is that of its directory, and turns it even if orientations are ignored', async () => {
    const file = tiff(2, 2, { ...rgb, 274: 6 }, data);
    const expected = upright(data, 2, 2, 6);
    expect(await toPixels(file, 2)).toEqual(expected);
    expect(await toPixels(file, 2, { orientation: 'stored' })).toEqual(expected);
  });

  it.each([
    ['bytes', 1],
    ['undefined bytes', 7],
  ])('is that of its XMP, as %s, if its directory has none', (_, type) => {
    const packet = Buffer.from(xmp(6));
    const withXmp = (tags: Record<number, number>): Buffer => {
      const file = tiff(2, 2, { ...rgb, ...tags, 700: 0 }, data);
      const entry = file.indexOf(Buffer.from([188, 2, 3, 0]));
      file.writeUInt16LE(type, entry + 2);
      file.writeUInt32LE(packet.length, entry + 4);
      file.writeUInt32LE(file.length, entry + 8);
      return Buffer.concat([file, packet]);
    };
    expect(orientationOf(withXmp({}), 'tiff')).toBe(6);
    expect(orientationOf(withXmp({ 274: 3 }), 'tiff')).toBe(3);
  });
});
