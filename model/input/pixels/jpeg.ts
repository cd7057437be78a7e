import type { ImageHeader } from './decoder.ts';
import { MAX_PIXELS, MAX_SCANS } from './limits.ts';

/** Most pixels that all scans of a JPEG may cover in total: those of the largest image with 12 scans. */
const MAX_SCANNED_PIXELS = 12 * MAX_PIXELS;
const MARKER = 0xff;
const TEM = 0x01;
const NUMBER_OF_LINES = 0xdc;
const RESTART_INTERVAL = 0xdd;
const COMMENT = 0xfe;
const START_OF_SCAN = 0xda;
const END_OF_IMAGE = 0xd9;

/** Markers of frames (SOF) whose process the decoder lacks. */
const UNDECODABLE_FRAMES: Readonly<Record<number, string>> = {
  0xc5: 'hierarchical',
  0xc6: 'hierarchical',
  0xc7: 'hierarchical lossless',
  0xcb: 'lossless arithmetic-coded',
  0xcd: 'hierarchical',
  0xce: 'hierarchical',
  0xcf: 'hierarchical lossless',
  0xde: 'hierarchical',
  0xf7: 'lossless (JPEG-LS)',
};
const LOSSLESS_FRAME = 0xc3;
/** With Huffman and with arithmetic coding. */
const PROGRESSIVE_FRAMES: readonly number[] = [0xc2, 0xca];

/** Whether a marker starts a frame: SOF0-15, which DHT, JPG and DAC are not. */
const startsFrame = (code: number): boolean =>
  code >= 0xc0 && code <= 0xcf && code !== 0xc4 && code !== 0xc8 && code !== 0xcc;

/**
 * Names the coding of a JPEG that is valid but that the decoder lacks, such as '12-bit'.
 *
 * @param bytes a JPEG file, possibly damaged
 * @returns undefined for those that can be decoded, and without a frame
 */
export function undecodableProcess(bytes: Uint8Array): string | undefined {
  for (const { code, at } of segments(bytes)) {
    if (UNDECODABLE_FRAMES[code] !== undefined) return UNDECODABLE_FRAMES[code];
    if (!startsFrame(code)) continue;
    const bits = bytes[at + 4] ?? 8;
    if (bits <= 8 || bits > 16) return undefined;
    return code === LOSSLESS_FRAME ? `${bits}-bit lossless` : `${bits}-bit`;
  }
  return undefined;
}

/** How the decoder names the colours of a JPEG, by its number of components. */
const COLORS: Readonly<Record<number, Pick<ImageHeader, 'channels' | 'space'>>> = {
  1: { channels: 1, space: 'b-w' },
  3: { channels: 3, space: 'srgb' },
  4: { channels: 4, space: 'cmyk' },
};

/**
 * Reads the header of a JPEG with 8 bits per sample, as the decoder reads it. It takes a fraction of the decoder's time,
 * which needs another thread for it.
 *
 * @param bytes a JPEG file, possibly damaged
 * @returns undefined for one whose header is unusual, so that the decoder has to judge it
 */
export function readJpegHeader(bytes: Uint8Array): ImageHeader | undefined {
  let header: ImageHeader | undefined;
  for (const { code, at } of segments(bytes)) {
    if (code === START_OF_SCAN) return header;
    if (!startsFrame(code)) continue;
    const colors = COLORS[bytes[at + 9] ?? 0];
    if (header !== undefined || colors === undefined) return undefined;
    if (bytes[at + 4] !== 8 || uint16(bytes, at + 2) !== 8 + 3 * colors.channels) return undefined;
    header = {
      ...colors,
      width: uint16(bytes, at + 7),
      height: uint16(bytes, at + 5),
      depth: 'uchar',
      isProgressive: PROGRESSIVE_FRAMES.includes(code),
      hasAlpha: false,
    };
  }
  return undefined;
}

/** A big-endian number. */
export function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

/**
 * Bytes per pixel of the coefficients that a decoder holds of the whole image: two for each sample, if a component's
 * coefficients come in several scans or the components in scans of their own; otherwise none.
 *
 * @param bytes a JPEG file, possibly damaged
 * @returns undefined if its first scan is not found
 */
export function coefficientBytes(bytes: Uint8Array): number | undefined {
  let frame: number | undefined;
  let isProgressive = false;
  for (const { code, at } of segments(bytes)) {
    if (startsFrame(code)) {
      isProgressive = PROGRESSIVE_FRAMES.includes(code);
      frame = at;
    }
    if (code !== START_OF_SCAN) continue;
    const components = frame === undefined ? 0 : (bytes[frame + 9] ?? 0);
    const isWhole = !isProgressive && (bytes[at + 4] ?? 0) >= components;
    return isWhole || frame === undefined ? 0 : coefficientBytesOf(bytes, frame, components);
  }
  return undefined;
}

/** Bytes of all coefficients per pixel, by the sampling factors of a frame. */
function coefficientBytesOf(bytes: Uint8Array, frame: number, components: number): number {
  const factors = Array.from({ length: components }, (_, index) => bytes[frame + 11 + 3 * index] ?? 0);
  const areas = factors.map((factor) => (factor >> 4) * (factor & 15));
  const widest = Math.max(...factors.map((factor) => factor >> 4));
  const highest = Math.max(...factors.map((factor) => factor & 15));
  return (2 * areas.reduce((sum, area) => sum + area, 0)) / Math.max(1, widest * highest);
}

/** The segments up to the first scan, each with the offset of its marker. */
export function* segments(bytes: Uint8Array): Generator<{ readonly code: number; readonly at: number }> {
  let at = 2;
  while (at + 4 < bytes.length && bytes[at] === MARKER) {
    const code = bytes[at + 1] ?? 0;
    if (code === MARKER) {
      at++;
      continue;
    }
    if (standsAlone(code)) return;
    yield { code, at };
    if (code === START_OF_SCAN) return;
    at += 2 + uint16(bytes, at + 2);
  }
}

/**
 * Whether a baseline JPEG goes on after its only scan with what cannot be there, such as a second frame. libjpeg finds
 * that out when it reads on to the end of the image, as Pillow lets it. libvips does not, and so shows gray in place of
 * all pixels that follow a byte which damage has made a marker.
 *
 * @param bytes a JPEG file, possibly damaged
 */
export function isBrokenAfterScan(bytes: Uint8Array): boolean {
  const scan = onlyScan(bytes);
  if (scan === undefined) return false;
  let at = bytes.indexOf(MARKER, scan.start);
  while (at >= 0 && at + 1 < bytes.length) {
    const code = bytes[at + 1] ?? 0;
    if (code === END_OF_IMAGE) return false;
    let next = code === MARKER ? at + 1 : at + 2;
    if (isApplicationData(code) || code === COMMENT || code === NUMBER_OF_LINES) next += uint16(bytes, at + 2);
    // Where data are to go on behind the next restart marker, markers of no meaning are skipped.
    else if (code !== 0 && code !== MARKER && !isRestartOrTem(code) && !(scan.restarts && code < 0xc0)) return true;
    at = bytes.indexOf(MARKER, next);
  }
  return false;
}

/** Where the data of a JPEG's scan start, if it has one for all components, and whether they have restart markers. */
function onlyScan(bytes: Uint8Array): { readonly start: number; readonly restarts: boolean } | undefined {
  let components: number | undefined;
  let restarts = false;
  for (const { code, at } of segments(bytes)) {
    if (PROGRESSIVE_FRAMES.includes(code)) return undefined;
    if (startsFrame(code)) components = bytes[at + 9];
    if (code === RESTART_INTERVAL) restarts = uint16(bytes, at + 4) > 0;
    if (code !== START_OF_SCAN) continue;
    return bytes[at + 4] === components ? { start: at + 2 + uint16(bytes, at + 2), restarts } : undefined;
  }
  return undefined;
}

/** Whether a marker has no length and body: TEM, RST0-7, SOI and EOI. */
const standsAlone = (code: number): boolean => code === TEM || (code >= 0xd0 && code <= 0xd9);
const isRestartOrTem = (code: number): boolean => code === TEM || (code >= 0xd0 && code <= 0xd7);
const isApplicationData = (code: number): boolean => code >= 0xe0 && code <= 0xef;

/**
 * Counts the scans (SOS markers) of a JPEG without decoding it. A progressive file of a few hundred kilobytes can have
 * thousands, and each costs a pass over the whole image.
 *
 * @param bytes a JPEG file, possibly damaged; markers within segments, such as those of a thumbnail, do not count
 * @param limit where to stop counting
 * @returns the number of scans, at most `limit`
 */
export function countScans(bytes: Uint8Array, limit: number): number {
  let scans = 0;
  let at = bytes.indexOf(MARKER);
  while (at >= 0 && at + 1 < bytes.length && scans < limit) {
    const code = bytes[at + 1] ?? 0;
    // Skips fill bytes before a marker, and the zero that is stuffed after an 0xff in entropy-coded data.
    let next = code === MARKER ? at + 1 : at + 2;
    if (code === START_OF_SCAN) scans++;
    if (code === END_OF_IMAGE) break;
    if (code !== 0 && code !== MARKER && !standsAlone(code)) {
      next += uint16(bytes, at + 2);
    }
    at = bytes.indexOf(MARKER, next);
  }
  return scans;
}

/**
 * Whether a JPEG has so many scans that decoding it would take too long. Up to 100 are allowed, and down to 12 for
 * very large images.
 */
export function hasTooManyScans(bytes: Uint8Array, pixels: number): boolean {
  const limit = Math.min(MAX_SCANS, Math.floor(MAX_SCANNED_PIXELS / pixels));
  return countScans(bytes, limit + 1) > limit;
}
