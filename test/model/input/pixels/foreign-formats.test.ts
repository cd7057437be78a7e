import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PixelsError, toPixels } from '../../../../model/input/pixels/pixels.ts';

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

/** The start of an ISO base media file: brands and a version. */
function isoMedia(major: string, ...compatible: string[]): Buffer {
  const body = Buffer.concat([latin1(`ftyp${major}\0\0\0\0`), ...compatible.map(latin1)]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length + 4);
  return Buffer.concat([length, body, latin1('\0\0\0\x08mdat')]);
}

async function refusal(file: Uint8Array): Promise<PixelsError> {
  const error: unknown = await toPixels(file, 8).catch((reason: unknown) => reason);
  if (error instanceof PixelsError) return error;
  throw new Error('the file was accepted');
}

describe('the refusal of another format says what the file is and what to send instead', () => {
  it.each([
    ['HEIC', isoMedia('heic', 'mif1', 'heic'), 'a HEIC photo, which is not supported: send it as JPEG'],
    ['HEIC of Samsung', isoMedia('mif1', 'heic'), 'a HEIC photo'],
    ['JPEG XL', latin1('\0\0\0\x0cJXL \r\n\x87\n'), 'a JPEG XL'],
    ['JPEG XL without container', latin1('\xff\x0a\xfa\x7f'), 'a JPEG XL'],
    ['JPEG 2000', latin1('\0\0\0\x0cjP  \r\n\x87\n'), 'a JPEG 2000'],
    ['JPEG 2000 without container', latin1('\xff\x4f\xff\x51\0\x2f'), 'a JPEG 2000'],
    ['PSD', latin1('8BPS\0\x01'), 'a Photoshop document (PSD), which is not supported: export it as PNG'],
    ['PDF', latin1('%PDF-1.7\n'), 'a PDF, which is not supported: send its page as PNG'],
    ['EPS', latin1('%!PS-Adobe-3.0 EPSF-3.0\n'), 'a PostScript file (EPS), which is not supported: export it as PNG'],
    ['EPS with a preview', latin1('\xc5\xd0\xd3\xc6\x1e\0\0\0'), 'a PostScript file (EPS)'],
    ['EMF', latin1(`\x01\0\0\0${'\0'.repeat(36)} EMF`), 'a Windows metafile (EMF or WMF)'],
    ['WMF', latin1('\xd7\xcd\xc6\x9a\0\0'), 'a Windows metafile (EMF or WMF)'],
    ['XCF', latin1('gimp xcf v011\0'), 'a GIMP document (XCF)'],
    ['EXR', latin1('\x76\x2f\x31\x01\x02\0\0\0'), 'an image of high dynamic range (EXR or HDR)'],
    ['HDR', latin1('#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n'), 'an image of high dynamic range (EXR or HDR)'],
    ['PGM', latin1('P5 640 480 255\n'), 'a Netpbm image (PPM or PGM), which is not supported: send it as PNG'],
    ['PPM', latin1('P6\n# by a camera\n640 480\n255\n'), 'a Netpbm image (PPM or PGM)'],
    ['DDS', latin1('DDS \x7c\0\0\0'), 'a texture (DDS)'],
    ['ICNS', latin1('icns\0\0\x10\0'), 'an icon (ICNS)'],
    ['SVG', latin1('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'an SVG drawing'],
    ['SVG with a heading', latin1('\xef\xbb\xbf<?xml version="1.0"?>\n<!-- a -->\n<svg >'), 'an SVG drawing'],
    ['HTML', latin1('<!DOCTYPE html><html>'), 'a web page, which is not supported: send the image itself'],
    ['XML', latin1('<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code>'), 'an XML document'],
    ['JSON', latin1('{"error":"not found"}'), 'JSON, which is not supported: send the image itself'],
    ['an address', latin1('https://example.com/a.jpg\n'), 'the address of a file'],
    ['a Git LFS pointer', latin1('version https://git-lfs.github.com/spec/v1\n'), 'a Git LFS pointer'],
    ['JPEG in base64', latin1('/9j/4AAQSkZJRg'), 'text in base64, which is not supported: send the decoded file'],
    ['a data URI', latin1('data:image/png;base64,iVBORw0KGgo'), 'text in base64'],
    ['gzip', latin1('\x1f\x8b\x08\0'), 'compressed by gzip, which is not supported: send the image itself'],
    ['AppleDouble', latin1('\0\x05\x16\x07\0\x02\0\0Mac OS X'), 'a "._" file of macOS'],
    ['RAF', latin1('FUJIFILMCCD-RAW 0201'), 'a raw photo, which is not supported: export it as JPEG'],
    ['ICO', latin1('\0\0\x01\0\x01\0\x10\x10'), 'an icon (ICO or CUR)'],
    ['MP4', isoMedia('isom', 'iso2', 'avc1', 'mp41'), 'an MP4 video, which is not supported: send a single frame'],
    ['MOV', isoMedia('qt  '), 'a QuickTime video (MOV)'],
    ['MOV without brands', latin1('\0\0\x07\xd1moov\0\0'), 'a QuickTime video (MOV)'],
    ['WebM', latin1('\x1a\x45\xdf\xa3\x9f\x42\x86'), 'a WebM or Matroska video'],
    ['AVI', latin1('RIFF\0\x10\0\0AVI LIST'), 'an AVI video'],
  ])('%s', async (_name, file, sentence) => {
    const { code, message } = await refusal(file);
    expect(code).toBe('unsupported');
    expect(message).toContain(`The image is ${sentence}`);
  });

  it('unless the format is unknown', async () => {
    const { message } = await refusal(latin1('BM is how this text begins, which is no picture'));
    expect(message).toBe('The image is not a JPEG, PNG, WebP, AVIF, GIF, BMP or TIFF file that can be read.');
  });

  it('at once for text that looks like the start of an SVG', async () => {
    const start = performance.now();
    await refusal(latin1('<!---->'.repeat(100_000)));
    expect(performance.now() - start).toBeLessThan(500);
  });
});

describe('an image that a program read as text is damaged, by a sentence that says so', () => {
  const read = (name: string): Buffer =>
    readFileSync(new URL(`../../../fixtures/images/${name}`, import.meta.url)).subarray(0, 200);
  const names = ['jpeg-444.jpg', 'png-rgb.png', 'webp-lossy.webp'];
  const sentence = 'The image is damaged, because a program read it as text: read and send the file as bytes.';

  it.each(names)('%s as UTF-8', async (name) => {
    const text = read(name).toString('utf8');
    expect(await refusal(Buffer.from(text))).toMatchObject({ code: 'corrupt', message: sentence });
  });

  it.each(names)('%s as Latin-1', async (name) => {
    const file = read(name);
    // A length of which no byte would be ASCII in a file of this size.
    if (name.endsWith('.webp')) file.writeUInt32LE(0x8f_94, 4);
    const text = file.toString('latin1');
    expect(await refusal(Buffer.from(text))).toMatchObject({ code: 'corrupt', message: sentence });
  });

  it.each([
    ['\r\n', '\n'],
    ['\n', '\r\n'],
  ])('a PNG with %j as %j', async (from, to) => {
    const text = read('png-rgb.png').toString('latin1').replaceAll(from, to);
    expect(await refusal(latin1(text))).toMatchObject({ code: 'corrupt', message: sentence });
  });
});

describe('a JPEG whose coding no decoder here reads is unsupported, not damaged', () => {
  const jpeg = readFileSync(new URL('../../../fixtures/images/jpeg-444.jpg', import.meta.url));
  /** The start-of-frame marker, which precedes the length and the bits per sample. */
  const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]));

  it.each([
    [0xc1, 12, 'a 12-bit JPEG'],
    [0xc2, 12, 'a 12-bit JPEG'],
    [0xc3, 12, 'a 12-bit lossless JPEG'],
    [0xc3, 16, 'a 16-bit lossless JPEG'],
    [0xc5, 8, 'a hierarchical JPEG'],
    [0xc6, 8, 'a hierarchical JPEG'],
    [0xc7, 8, 'a hierarchical lossless JPEG'],
    [0xcd, 8, 'a hierarchical JPEG'],
    [0xce, 8, 'a hierarchical JPEG'],
    [0xcf, 8, 'a hierarchical lossless JPEG'],
    [0xde, 8, 'a hierarchical JPEG'],
    [0xcb, 8, 'a lossless arithmetic-coded JPEG'],
    [0xf7, 8, 'a lossless (JPEG-LS) JPEG'],
  ])('SOF marker %i with %i bits', async (marker, bits, name) => {
    const file = Buffer.from(jpeg);
    file[frame + 1] = marker;
    file[frame + 4] = bits;
    const { code, message } = await refusal(file);
    expect([code, message]).toEqual([
      'unsupported',
      `The image is ${name}, which is not supported: send it as baseline JPEG or PNG.`,
    ]);
  });
});

describe('a BMP that Pillow does not read either is unsupported, not damaged', () => {
  /** The start of a BMP of 9 x 9 pixels, its header of 40 bytes, and a lot of nothing. */
  function bmp(bits: number, compression: number, masks: number[] = []): Buffer {
    const file = Buffer.alloc(2000);
    file.write('BM', 'latin1');
    [1078, 40, 9, 9].forEach((value, index) => file.writeUInt32LE(value, 10 + 4 * index));
    file.writeUInt16LE(bits, 28);
    file.writeUInt32LE(compression, 30);
    masks.forEach((mask, index) => file.writeUInt32LE(mask, 54 + 4 * index));
    return file;
  }

  it.each([
    [bmp(2, 0), 'a BMP of 2 bits per pixel, which is not supported: send it as PNG'],
    [bmp(16, 3, [0xf00, 0xf0, 0xf]), 'a BMP with uncommon colour masks, which is not supported: send it as PNG'],
    [bmp(24, 4), 'a BMP that holds a JPEG or PNG, which is not supported: send the JPEG or PNG itself'],
    [bmp(24, 1), 'a BMP of true colours in run lengths, which is not supported: send it as PNG'],
    [bmp(24, 9), 'a BMP of an unknown compression, which is not supported: send it as PNG'],
  ])('%#', async (file, sentence) => {
    const { code, message } = await refusal(file);
    expect([code, message]).toEqual(['unsupported', `The image is ${sentence}.`]);
  });
});
