import { inflateSync } from 'node:zlib';
import type { ImageFormat } from '../../image-format.ts';
import { BYTE, TiffDirectory, UNDEFINED } from './tiff/directory.ts';

/** Metadata in an image file that may hold its orientation. */
export interface EmbeddedMetadata {
  /** A TIFF structure. Absent in a TIFF, whose own directory has the orientation. */
  readonly exif?: Uint8Array | undefined;
  /** An XMP packet, in an encoding that includes ASCII. */
  readonly xmp?: Uint8Array | undefined;
}

/** Most bytes of a compressed text, as in Pillow. */
const MAX_TEXT_BYTES = 2 ** 20;
const XMP_TAG = 700;

/**
 * Finds the EXIF and XMP that Pillow would use: where a file has several, the same one. Malformed ones are absent.
 *
 * @param bytes a file, possibly damaged
 */
export function readMetadata(bytes: Uint8Array, format: ImageFormat): EmbeddedMetadata {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (format) {
    case 'jpeg':
      return fromJpeg(file);
    case 'png':
      return fromPng(file);
    case 'webp':
      return fromWebp(file);
    case 'tiff':
      return { xmp: xmpOfTiff(file) };
    case 'gif':
    case 'bmp':
    case 'avif':
      return {};
  }
}

/** Pillow joins all EXIF segments before the first scan, and takes the last XMP. */
function fromJpeg(file: Buffer): EmbeddedMetadata {
  const exifMark = Buffer.from('Exif\0\0');
  const xmpMark = Buffer.from('http://ns.adobe.com/xap/1.0/\0');
  const exif: Buffer[] = [];
  let xmp: Buffer | undefined;
  let at = 2;
  while (at + 4 <= file.length) {
    const code = file[at + 1] ?? 0;
    if (file[at] !== 0xff || code === 0xff || code === 0) {
      // Padding between segments.
      at++;
      continue;
    }
    if (code === 0xda || code === 0xd9) break;
    if (code === 0x01 || (code >= 0xd0 && code <= 0xd8)) {
      at += 2;
      continue;
    }
    const end = at + 2 + file.readUInt16BE(at + 2);
    const content = file.subarray(at + 4, end);
    if (code === 0xe1 && startsWith(content, exifMark)) exif.push(content.subarray(exifMark.length));
    if (code === 0xe1 && startsWith(content, xmpMark)) xmp = content.subarray(xmpMark.length);
    at = Math.max(end, at + 2);
  }
  return { exif: exif.length === 0 ? undefined : Buffer.concat(exif), xmp };
}

/** Chunks count wherever they are, also after the pixels, where ExifTool writes them. */
function fromPng(file: Buffer): EmbeddedMetadata {
  let exif: Buffer | undefined;
  let profile: (() => Buffer | undefined) | undefined;
  let xmp: (() => Buffer | undefined) | undefined;
  let at = 8;
  while (at + 12 <= file.length) {
    const length = file.readUInt32BE(at);
    const type = file.toString('latin1', at + 4, at + 8);
    const content = file.subarray(at + 8, at + 8 + length);
    if (type === 'IEND') break;
    if (type === 'eXIf') exif = content;
    if (type === 'tEXt' || type === 'zTXt' || type === 'iTXt') {
      const keyword = content.toString('latin1', 0, Math.max(content.subarray(0, 80).indexOf(0), 0));
      // Only the last one counts, so only that one is decompressed.
      if (keyword === 'XML:com.adobe.xmp') xmp = () => pngText(type, content);
      if (keyword === 'Raw profile type exif') profile = () => pngText(type, content);
    }
    at += 12 + length;
  }
  return { exif: exif ?? rawProfile(profile?.()), xmp: xmp?.() };
}

/** The text of a PNG's textual chunk. */
function pngText(type: string, content: Buffer): Buffer | undefined {
  let start = content.indexOf(0) + 1;
  let isCompressed = type === 'zTXt';
  if (type === 'zTXt') start += 1;
  if (type === 'iTXt') {
    isCompressed = content[start] === 1;
    const language = content.indexOf(0, start + 2);
    const translated = language < 0 ? -1 : content.indexOf(0, language + 1);
    if (translated < 0) return undefined;
    start = translated + 1;
  }
  const text = content.subarray(start);
  if (!isCompressed) return text;
  try {
    return inflateSync(text, { maxOutputLength: MAX_TEXT_BYTES });
  } catch {
    return undefined;
  }
}

/** EXIF as ImageMagick writes it to a PNG: three lines of heading, then hexadecimal digits. */
function rawProfile(text: Buffer | undefined): Buffer | undefined {
  if (text === undefined) return undefined;
  return Buffer.from(text.toString('latin1').split('\n').slice(3).join('').replaceAll(/\s/g, ''), 'hex');
}

/** The first chunk of either kind, if the header's flags announce it. */
function fromWebp(file: Buffer): EmbeddedMetadata {
  const flags = file.toString('latin1', 12, 16) === 'VP8X' ? (file[20] ?? 0) : 0;
  const found = new Map<string, Buffer>();
  let at = 12;
  while (at + 8 <= file.length) {
    const type = file.toString('latin1', at, at + 4);
    const length = file.readUInt32LE(at + 4);
    if ((type === 'EXIF' || type === 'XMP ') && !found.has(type)) {
      found.set(type, file.subarray(at + 8, at + 8 + length));
    }
    at += 8 + length + (length % 2);
  }
  return {
    exif: flags & 0x08 ? found.get('EXIF') : undefined,
    xmp: flags & 0x04 ? found.get('XMP ') : undefined,
  };
}

function xmpOfTiff(file: Buffer): Buffer | undefined {
  let xmp: Buffer | undefined;
  for (const { tag, type, count, at } of new TiffDirectory(file).entries()) {
    if (tag === XMP_TAG && (type === BYTE || type === UNDEFINED)) xmp = file.subarray(at, at + count);
  }
  return xmp;
}

function startsWith(content: Buffer, mark: Buffer): boolean {
  return content.subarray(0, mark.length).equals(mark);
}
