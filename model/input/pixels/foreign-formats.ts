import { isoMediaBrands } from '../../image-format.ts';

/** A file format that is not decoded, and what to send instead. */
export interface ForeignFormat {
  /** With its article, such as "a PDF". */
  readonly name: string;
  readonly instead: string;
}

const AS_JPEG_OR_PNG = 'send it as JPEG or PNG';
const SVG: ForeignFormat = { name: 'an SVG drawing', instead: 'send it as PNG' };
const FRAME = 'send a single frame as JPEG or PNG';
const ITSELF = 'send the image itself';
const RAW: ForeignFormat = { name: 'a raw photo', instead: 'export it as JPEG' };
const BASE64: ForeignFormat = {
  name: 'text in base64',
  instead: 'send the decoded file, which only JSON holds in base64, and once',
};

/** Formats by the bytes at their start, as Latin-1. */
const BY_START: readonly (readonly [start: RegExp, format: ForeignFormat])[] = [
  [/^(?:\0\0\0\x0cJXL \r\n\x87\n|\xff\n)/, { name: 'a JPEG XL', instead: AS_JPEG_OR_PNG }],
  [/^(?:\0\0\0\x0cjP {2}\r\n\x87\n|\xff\x4f\xff\x51)/, { name: 'a JPEG 2000', instead: AS_JPEG_OR_PNG }],
  [/^II\xbc/, { name: 'a JPEG XR', instead: AS_JPEG_OR_PNG }],
  [/^8BPS/, { name: 'a Photoshop document (PSD)', instead: 'export it as PNG' }],
  [/^%PDF-/, { name: 'a PDF', instead: 'send its page as PNG' }],
  [/^(?:%!PS|\xc5\xd0\xd3\xc6)/, { name: 'a PostScript file (EPS)', instead: 'export it as PNG' }],
  [
    /^(?:\x01\0\0\0[^]{36} EMF|\xd7\xcd\xc6\x9a)/,
    { name: 'a Windows metafile (EMF or WMF)', instead: 'export it as PNG' },
  ],
  [/^gimp xcf/, { name: 'a GIMP document (XCF)', instead: 'export it as PNG' }],
  [
    /^(?:\x76\x2f\x31\x01|#\?(?:RADIANCE|RGBE)\n)/,
    { name: 'an image of high dynamic range (EXR or HDR)', instead: 'export it as JPEG or PNG' },
  ],
  [/^P[1-6]\s+(?:#|\d)/, { name: 'a Netpbm image (PPM or PGM)', instead: 'send it as PNG' }],
  [/^DDS \x7c\0\0\0/, { name: 'a texture (DDS)', instead: 'send it as PNG' }],
  [/^(?:\xef\xbb\xbf)?\s*(?=<(?:\?xml|!--|!DOCTYPE svg|svg))[^]*<svg[\s>]/i, SVG],
  [/^(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html)[\s>]/i, { name: 'a web page', instead: ITSELF }],
  [/^(?:\xef\xbb\xbf)?\s*<\?xml\s/, { name: 'an XML document', instead: ITSELF }],
  [/^\s*(?:\{\s*"|\[\s*[[{"])/, { name: 'JSON', instead: ITSELF }],
  [/^\s*https?:\/\//i, { name: 'the address of a file', instead: `${ITSELF}, as nothing is fetched` }],
  [/^version https:\/\/git-lfs/, { name: 'a Git LFS pointer', instead: 'fetch its file with "git lfs pull"' }],
  // Pictures in base64 begin like this: JPEG, PNG, GIF, WebP.
  [/^(?:data:[^,]{0,200};base64,)?(?:\/9j\/|iVBORw0KGgo|R0lGOD|UklGR)/i, BASE64],
  [/^\0\0[\x01\x02]\0[^\0]\0/, { name: 'an icon (ICO or CUR)', instead: 'send it as PNG' }],
  [/^icns\0/, { name: 'an icon (ICNS)', instead: 'send it as PNG' }],
  [/^\x1a\x45\xdf\xa3/, { name: 'a WebM or Matroska video', instead: FRAME }],
  [/^RIFF[^]{4}AVI /, { name: 'an AVI video', instead: FRAME }],
  [/^[^]{4}(?:moov|mdat|wide)/, { name: 'a QuickTime video (MOV)', instead: FRAME }],
  [/^PK\x03\x04/, { name: 'a ZIP archive', instead: ITSELF }],
  [/^\x1f\x8b\x08/, { name: 'compressed by gzip', instead: ITSELF }],
  [/^\0\x05\x16\x07/, { name: 'a "._" file of macOS', instead: 'send the file that it belongs to' }],
  [/^(?:FUJIFILMCCD-RAW|IIU\0|IIR[OS]|MMOR|FOVb)/, RAW],
];

/** Bytes in which a format shows. SVG may begin with comments. */
const START_BYTES = 1024;

/**
 * How pictures begin that a program read as text and wrote again: JPEG, PNG and WebP, with their bytes replaced by
 * U+FFFD or encoded as UTF-8, and PNG with other ends of lines, which its signature is there to show.
 */
const CONVERTED_STARTS: readonly RegExp[] = [
  /^(?:\xef\xbb\xbf)?(?:\xef\xbf\xbd){3}/,
  /^(?:\xef\xbb\xbf)?\xc3\xbf\xc3\x98\xc3\xbf/,
  /^(?:\xef\xbb\xbf)?(?:\xef\xbf\xbd|\xc2\x89|\xe2\x80\xb0)PNG/,
  /^RIFF(?:[^]{0,9}\xef\xbf\xbd|[^]{0,7}[\xc2\xc3][\x80-\xbf])[^]{0,7}WEBP/,
  /^\x89PNG(?:\r\r\n|\r\x1a|\n)/,
];

/** Whether a file was an image before it was read as text. */
export function isConvertedToText(bytes: Uint8Array): boolean {
  const start = latin1Start(bytes);
  return CONVERTED_STARTS.some((pattern) => pattern.test(start));
}

/**
 * Names a file that is in none of the formats that are decoded, by its first bytes.
 *
 * @returns undefined if the format is unknown
 */
export function foreignFormatOf(bytes: Uint8Array): ForeignFormat | undefined {
  const start = latin1Start(bytes);
  return isoMedia(start) ?? BY_START.find(([pattern]) => pattern.test(start))?.[1];
}

function latin1Start(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, START_BYTES)).toString('latin1');
}

/** HEIC, MP4 and others are ISO base media files. */
function isoMedia(start: string): ForeignFormat | undefined {
  const brands = isoMediaBrands(start);
  if (brands.length === 0) return undefined;
  const has = (...wanted: string[]): boolean => brands.some((brand) => wanted.includes(brand));
  if (has('heic', 'heix', 'hevc', 'hevx', 'heim', 'heis', 'mif1', 'msf1')) {
    return { name: 'a HEIC photo', instead: 'send it as JPEG, as iPhones take photos if set to "Most Compatible"' };
  }
  if (has('crx ')) return { name: 'a raw photo (CR3)', instead: 'export it as JPEG' };
  if (has('qt  ')) return { name: 'a QuickTime video (MOV)', instead: FRAME };
  return { name: 'an MP4 video', instead: FRAME };
}
