import sharp, { type Sharp } from 'sharp';
import { PICTURE_KINDS, picture } from './picture-kinds.ts';

/** Most pixels that are accepted, and the longest side that a WebP can have. */
const MAX_PIXELS = 178_000_000;
const MAX_WEBP_SIDE = 16_383;
/** What decoding takes besides the pixels, and some spare for the file. */
const SPARE_BYTES = 24 * 2 ** 20;

/** The kinds of which the largest that fits is sent, with the bytes that decoding takes per pixel. */
const LARGEST = {
  JPEG: [3, (image) => image.jpeg()],
  'JPEG turned': [6, (image) => image.jpeg().withMetadata({ orientation: 6 })],
  'JPEG progressive': [6, (image) => image.jpeg({ progressive: true })],
  PNG: [3, (image) => image.png({ compressionLevel: 1 })],
  'PNG interlaced': [6, (image) => image.png({ compressionLevel: 1, progressive: true })],
  WebP: [11, (image) => image.webp({ effort: 0 })],
} as const satisfies Record<string, readonly [bytesPerPixel: number, encode: (image: Sharp) => Sharp]>;

/** See {@link LARGEST}. */
type LargeKind = keyof typeof LARGEST;
export const LARGE_KINDS = Object.keys(LARGEST) as LargeKind[];
/** A picture that needs more memory than any pod of the demo model has. */
export const TOO_LARGE = 'JPEG progressive 4:4:4, 13300 x 13300';

function flat(pixels: number, longest = Infinity): Sharp {
  const side = Math.min(longest, Math.floor(Math.sqrt(Math.min(MAX_PIXELS, pixels))));
  return sharp({
    create: { width: side, height: side, channels: 3, background: '#864' },
    limitInputPixels: false,
  });
}

interface StressPictures {
  /** Memory for decoding, in bytes. */
  readonly pixelBytes: number;
  /** Width of the ordinary ones, in pixels. */
  readonly width: number;
  /** Which of the large ones to make: each takes seconds. */
  readonly large: readonly LargeKind[];
}

/** The pictures of a stress test by name: each kind at an ordinary size, the largest that fit, and one that does not. */
export async function stressPictures({ pixelBytes, width, large }: StressPictures): Promise<Map<string, Uint8Array>> {
  const pictures = new Map<string, Uint8Array>();
  const height = Math.round(width * 0.75);
  for (const { name, encode } of PICTURE_KINDS) {
    pictures.set(`${name}, ${width} x ${height}`, await encode(picture(width, height), width, height));
  }
  for (const name of large) {
    const [bytesPerPixel, encode] = LARGEST[name];
    const image = flat((pixelBytes - SPARE_BYTES) / bytesPerPixel, name === 'WebP' ? MAX_WEBP_SIDE : Infinity);
    const { data, info } = await encode(image).toBuffer({ resolveWithObject: true });
    pictures.set(`largest ${name}, ${info.width} x ${info.height}`, data);
  }
  pictures.set(TOO_LARGE, await tooLarge(13_300));
  return pictures;
}

/** A small picture whose header says that it is large, which is what it is refused for. */
async function tooLarge(side: number): Promise<Uint8Array> {
  const file = await flat(100).jpeg({ progressive: true, chromaSubsampling: '4:4:4' }).toBuffer();
  const frame = file.indexOf(Uint8Array.of(0xff, 0xc2));
  file.writeUInt16BE(side, frame + 5);
  file.writeUInt16BE(side, frame + 7);
  return file;
}
