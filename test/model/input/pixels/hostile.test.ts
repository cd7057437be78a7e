import { readFileSync } from 'node:fs';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { closePixels, PixelsError, toPixels, type PixelsErrorCode } from '../../../../model/input/pixels/pixels.ts';
import { countScans } from '../../../../model/input/pixels/jpeg.ts';
import { bmp, gif, png, tiff } from './files.ts';

const SIZE = 8;
const read = (name: string): Buffer => readFileSync(new URL(`../../../fixtures/images/${name}`, import.meta.url));

afterAll(closePixels);

async function refusal(bytes: Uint8Array): Promise<PixelsErrorCode> {
  const error: unknown = await toPixels(bytes, SIZE).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof PixelsError)) throw new Error('The image was not refused as it should be.', { cause: error });
  // Nothing of the file and nothing of the decoder: one of a closed set of sentences.
  expect(error.message).toMatch(
    /^The image is (not a JPEG|damaged|too large|an? [\w ()-]+, which is not supported: (send|export))[^\n]*\.$/,
  );
  return error.code;
}

describe('what is not an image of a known format is unsupported', () => {
  it.each([
    ['nothing', ''],
    ['a few bytes', '\xff'],
    ['SVG', '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'],
    ['XML', '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'],
    ['PDF', '%PDF-1.7\n1 0 obj\n<<>>\nendobj\n'],
    ['HEIC', '\0\0\0\x18ftypheic\0\0\0\0mif1heic'],
    ['BMP', 'BM\x46\0\0\0\0\0\0\0\x36\0\0\0'],
    ['PPM', 'P6\n1 1\n255\nabc'],
    ['HTML', '<!doctype html><title>not found</title>'],
    ['WAVE', 'RIFF\x24\0\0\0WAVEfmt '],
  ])('%s', async (_, text) => {
    expect(await refusal(Buffer.from(text, 'latin1'))).toBe('unsupported');
  });
});

describe('a damaged image is corrupt', () => {
  const files = ['jpeg-420.jpg', 'jpeg-progressive.jpg', 'png-rgb.png', 'webp-lossy.webp', 'gif.gif', 'tiff-lzw.tiff'];

  it.each([
    ['an AVIF', sharp(read('png-gray.png')).avif().toBuffer()],
    ['a BMP', bmp(30, 20)],
  ])('%s, cut off anywhere', async (_, whole) => {
    const file = await whole;
    for (const share of [0.05, 0.3, 0.6, 0.9]) {
      expect(await refusal(file.subarray(0, Math.floor(file.length * share)))).toBe('corrupt');
    }
    expect(await refusal(file.subarray(0, 32))).toBe('corrupt');
  });

  it('an AVIF that is smaller than it says', async () => {
    const file = await sharp(read('png-gray.png')).avif().toBuffer();
    file.writeUInt32BE(64, file.indexOf('ispe') + 8);
    expect(await refusal(file)).toBe('corrupt');
  });

  it.each(files)('%s, cut off anywhere', async (name) => {
    const file = read(name);
    for (const share of [0.05, 0.3, 0.6, 0.9]) {
      expect(await refusal(file.subarray(0, Math.floor(file.length * share)))).toBe('corrupt');
    }
  });

  it.each(files)('%s, its signature alone', async (name) => {
    expect(await refusal(read(name).subarray(0, 12))).toBe('corrupt');
  });

  it('a BMP of more colours than its pixels can have', async () => {
    const file = bmp(30, 20);
    file.writeUInt16LE(8, 28);
    file.writeUInt32LE(257, 46);
    expect(await refusal(file)).toBe('corrupt');
  });

  it('without a width', async () => {
    const file = gif({ canvas: [0, 5], frame: [0, 0, 0, 5], indices: [] });
    expect(await refusal(file)).toBe('corrupt');
  });

  it.each([true, false])('a GIF that lacks a pixel, with a code for the end: %s', async (hasEnd) => {
    const indices = Array<number>(11).fill(3);
    expect(await refusal(gif({ canvas: [4, 3], frame: [0, 0, 4, 3], indices, hasEnd }))).toBe('corrupt');
  });

  it('a GIF whose frame has no pixels, or symbols of more bits than codes', async () => {
    expect(await refusal(gif({ canvas: [2, 2], frame: [0, 0, 0, 2], indices: [] }))).toBe('corrupt');
    const file = gif({ canvas: [2, 2], frame: [0, 0, 1, 1], indices: [3] });
    file[file.indexOf(0x2c) + 10] = 13;
    expect(await refusal(file)).toBe('corrupt');
  });

  it('a GIF that ends before its frame', async () => {
    expect(await refusal(Buffer.concat([read('gif.gif').subarray(0, 13 + 768), Buffer.from(';')]))).toBe('corrupt');
  });

  it('a TIFF of YCbCr whose green counts for nothing', async () => {
    const ycbcr = { 258: [8, 8, 8], 262: 6, 277: 3, 530: [1, 1] };
    expect(await toPixels(tiff(1, 1, ycbcr, Uint8Array.of(77, 128, 128)), 1)).toEqual(Uint8Array.of(77, 77, 77));
    expect(await refusal(tiff(1, 1, { ...ycbcr, 529: [1, 0, 1] }, Uint8Array.of(77, 128, 128)))).toBe('corrupt');
  });

  it('a TIFF whose directory says that it has more entries than the file has bytes', async () => {
    expect(await refusal(Buffer.from('II*\0\x08\0\0\0\xff\xff\x00\x01\x03\0\x01\0\0\0\x01\0\0\0', 'latin1'))).toBe(
      'corrupt',
    );
  });
});

describe('an image that would cost too much is too large', () => {
  const gray = (width: number, height: number): Buffer =>
    png({ width, height, bits: 1, colorType: 0 }, [Buffer.alloc(8)]);

  it.each([
    ['a PNG of 900 million pixels', gray(30_000, 30_000)],
    ['a PNG one pixel too wide', gray(20_001, 1)],
    ['a PNG one pixel too high', gray(1, 20_001)],
    ['a PNG just past what Pillow takes', gray(13_378, 13_378)],
    ['a GIF canvas of 4 billion pixels', gif({ canvas: [65_535, 65_535], frame: [0, 0, 1, 1], indices: [0] })],
    ['a GIF frame far out', gif({ canvas: [1, 1], frame: [65_535, 0, 1, 1], indices: [0] })],
    ['a BMP of 900 million pixels', bmp(30_000, 30_000)],
    ['a TIFF of 900 million pixels', tiff(30_000, 30_000, { 258: [8, 8, 8], 262: 2, 277: 3 }, new Uint8Array(12))],
  ])('%s', async (_, file) => {
    expect(await refusal(file)).toBe('too-large');
  });

  it('a TIFF whose tiles are, though it is small', async () => {
    const tiles = { 322: 20_000, 323: 20_000, 324: 8, 325: 8 };
    expect(await refusal(tiff(1, 1, { 258: 8, 262: 1, ...tiles }, new Uint8Array(8)))).toBe('too-large');
  });

  it.each([
    ['', 300, { 258: 8, 262: 1 }],
    [', in planes,', 150, { 258: [8, 8, 8], 262: 2, 277: 3, 284: 2 }],
  ])('a TIFF of more tiles%s than pixels deserve is not supported', async (_, side, tags) => {
    const tiles = { 322: 1, 323: 1, 324: 8, 325: 8 };
    await expect(toPixels(tiff(side, side, { ...tags, ...tiles }, new Uint8Array(8)), SIZE)).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('a TIFF of more than 65536 strips or tiles') as unknown,
    });
  });

  it.each([30_000, 8000])('an AVIF that says it has %d pixels a side', async (side) => {
    const file = await sharp(read('png-gray.png')).avif().toBuffer();
    const size = file.indexOf('ispe') + 8;
    file.writeUInt32BE(side, size);
    file.writeUInt32BE(side, size + 4);
    expect(await refusal(file)).toBe('too-large');
  });

  it('a JPEG whose header says so', async () => {
    const file = Buffer.from(read('jpeg-420.jpg'));
    const frame = file.indexOf(Uint8Array.of(0xff, 0xc0));
    file.writeUInt16BE(30_000, frame + 5);
    expect(await refusal(file)).toBe('too-large');
  });

  it('a PNG at the limit of a side is not', async () => {
    const row = Buffer.alloc(2500, 0xff);
    const file = png({ width: 20_000, height: 1, bits: 1, colorType: 0 }, [row]);
    expect([...new Set(await toPixels(file, SIZE))]).toEqual([255]);
  });
});

describe('compressed strips of a TIFF', () => {
  const gray = { 258: 8, 262: 1 };
  const noughts = new Uint8Array(5_000_000);

  it.each([
    ['Deflate', 8, deflateSync(noughts)],
    ['LZW', 5, Buffer.from([0x80, 0x00, 0x20, 0x50, 0x38])],
    ['PackBits', 32_773, Buffer.from([0x00, 0x01])],
    ['LZMA', 34_925, Buffer.from('fd377a585a00000004e6d6b4', 'hex')],
    ['ZSTD', 50_000, Buffer.from('28b52ffd2000', 'hex')],
    ['LZMA that is none', 34_925, Buffer.from('not LZMA')],
    ['ZSTD that is none', 50_000, Buffer.from('not ZSTD')],
    ['Deflate that is none', 8, Buffer.from('not Deflate')],
  ])('of %s that hold too little or far too much are corrupt', async (_, compression, data) => {
    expect(await refusal(tiff(9, 9, { ...gray, 259: compression }, data))).toBe('corrupt');
  });

  it.each([5, 8, 32_773, 34_925, 50_000])(
    'by method %i, of any content, are refused or decoded',
    async (compression) => {
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), fc.boolean(), async (rest, hasStart) => {
          const starts: Record<number, string> = {
            34_925: 'fd377a585a000000ff12d941020021011600000074',
            50_000: '28b52ffd',
          };
          const data = Buffer.concat([Buffer.from(hasStart ? (starts[compression] ?? '') : '', 'hex'), rest]);
          const result: unknown = await toPixels(tiff(9, 9, { ...gray, 259: compression }, data), SIZE).catch(
            (error: unknown) => error,
          );
          if (result instanceof Uint8Array) expect(result).toHaveLength(SIZE * SIZE * 3);
          else expect(result).toBeInstanceOf(PixelsError);
        }),
        { numRuns: 60 },
      );
    },
  );
});

describe('scans of a JPEG', () => {
  const file = read('jpeg-progressive.jpg');
  const lastScan = file.lastIndexOf(Uint8Array.of(0xff, 0xda));
  const end = file.length - 2;

  /** The file with its last scan, and the tables before it, as often again. */
  function repeated(times: number): Buffer {
    const scan = file.subarray(lastScan, end);
    return Buffer.concat([file.subarray(0, end), ...Array<Buffer>(times).fill(scan), file.subarray(end)]);
  }

  it('are counted', () => {
    const scans = countScans(file, 1000);
    expect(scans).toBeGreaterThan(1);
    expect(countScans(repeated(2000), 5000)).toBe(scans + 2000);
    expect(countScans(repeated(2000), 101)).toBe(101);
    expect(countScans(read('jpeg-420.jpg'), 1000)).toBe(1);
  });

  it('are too many past a hundred', async () => {
    expect(await refusal(repeated(2000))).toBe('too-large');
  });

  it('do not count in a thumbnail', () => {
    const thumbnail = Buffer.alloc(1000, Buffer.from([0xff, 0xda]));
    const segment = Buffer.concat([Buffer.from([0xff, 0xe1, 1002 >> 8, 1002 & 255]), thumbnail]);
    const withThumbnail = Buffer.concat([file.subarray(0, 2), segment, file.subarray(2)]);
    expect(countScans(withThumbnail, 1000)).toBe(countScans(file, 1000));
  });

  it('end where the file ends', () => {
    expect(countScans(Uint8Array.of(0xff, 0xd8, 0xff), 10)).toBe(0);
    expect(countScans(Uint8Array.of(0xff, 0xd8, 0xff, 0xe1), 10)).toBe(0);
    expect(countScans(Uint8Array.of(0xff, 0xd8, 0xff, 0xe1, 0xff, 0xff), 10)).toBe(0);
    expect(countScans(new Uint8Array(), 10)).toBe(0);
  });
});

describe('whatever the bytes', () => {
  const signatures = [
    '\xff\xd8\xff',
    '\x89PNG\r\n\x1a\n',
    'RIFF\x40\0\0\0WEBPVP8 ',
    'GIF89a',
    'II*\0\x08\0\0\0',
    'MM\0*',
    'BM\x36\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0',
    '\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf',
  ];

  async function check(bytes: Uint8Array): Promise<void> {
    const result: unknown = await toPixels(bytes, SIZE).catch((error: unknown) => error);
    if (result instanceof Uint8Array) expect(result).toHaveLength(SIZE * SIZE * 3);
    else expect(result).toBeInstanceOf(PixelsError);
  }

  it('noise behind a signature is refused or decoded', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...signatures), fc.uint8Array({ maxLength: 300 }), async (signature, rest) => {
        await check(Buffer.concat([Buffer.from(signature, 'latin1'), rest]));
      }),
      { numRuns: 300 },
    );
  });

  it('a real file with bytes changed is refused or decoded', async () => {
    const files = ['size-2x3.jpg', 'size-64x64.jpg', 'jpeg-progressive.jpg', 'gif-transparent.gif', 'png-1bit.png'].map(
      read,
    );
    files.push(read('webp-lossy.webp'), read('tiff-raw.tiff'), bmp(9, 9));
    files.push(await sharp(read('size-64x64.jpg')).avif().toBuffer());
    const edit = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        fc.array(edit, { minLength: 1, maxLength: 8 }),
        async (file, edits) => {
          const changed = Buffer.from(file);
          // Squared, so that most changes hit the headers.
          for (const [place, value] of edits) changed[Math.floor(place ** 2 * (file.length - 1))] = value;
          await check(changed);
        },
      ),
      { numRuns: 200 },
    );
  });
});
