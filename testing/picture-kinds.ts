import sharp, { type Sharp, type TiffOptions } from 'sharp';

/** A way of storing a picture. */
export interface PictureKind {
  readonly name: string;
  readonly encode: (image: Sharp, width: number, height: number) => Promise<Buffer>;
}

/** A photo-like picture: gradients with some noise, so that encoders find something to store. */
export function picture(width: number, height: number): Sharp {
  const pixels = Buffer.alloc(width * height * 3);
  let noise = 1;
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      noise = (noise * 1103515245 + 12345) & 0x7fffffff;
      const grain = (noise >> 16) & 15;
      pixels[at] = ((x * 240) / width + grain) | 0;
      pixels[at + 1] = ((y * 240) / height + grain) | 0;
      pixels[at + 2] = ((x ^ y) & 127) + grain;
    }
  }
  return sharp(pixels, { raw: { width, height, channels: 3 }, limitInputPixels: false });
}

const gray = (image: Sharp): Sharp => image.toColourspace('b-w');
const gray16 = (image: Sharp): Sharp => image.toColourspace('grey16');
const rgb16 = (image: Sharp): Sharp => image.toColourspace('rgb16');
const cmyk = (image: Sharp): Sharp => image.toColourspace('cmyk');
const alpha = (image: Sharp): Sharp => image.ensureAlpha(0.5);

/** A little-endian TIFF whose samples are all in one strip, without compression. */
function oneStripTiff(width: number, height: number, samples: number, bits: number, extra?: number): Buffer {
  const size = (width * height * samples * bits) / 8;
  const entries: (readonly [tag: number, type: number, count: number, value: number])[] = [
    [256, 4, 1, width],
    [257, 4, 1, height],
    [258, 3, 1, bits],
    [259, 3, 1, 1],
    [262, 3, 1, samples === 1 ? 1 : 2],
    [273, 4, 1, 0],
    [277, 3, 1, samples],
    [278, 4, 1, height],
    [279, 4, 1, size],
  ];
  if (samples > 1) entries[2] = [258, 3, samples, 0];
  if (extra !== undefined) entries.push([338, 3, 1, extra]);
  const directory = 2 + entries.length * 12 + 4;
  const bitsAt = 8 + directory;
  const dataAt = bitsAt + 2 * samples;
  const file = Buffer.alloc(dataAt + size, 0x55);
  file.write('II*\0', 0, 'latin1');
  file.writeUInt32LE(8, 4);
  file.writeUInt16LE(entries.length, 8);
  for (const [index, [tag, type, count, value]] of entries.entries()) {
    const at = 10 + index * 12;
    file.writeUInt16LE(tag, at);
    file.writeUInt16LE(type, at + 2);
    file.writeUInt32LE(count, at + 4);
    file.writeUInt32LE(tag === 273 ? dataAt : tag === 258 && samples > 1 ? bitsAt : value, at + 8);
  }
  file.writeUInt32LE(0, 10 + entries.length * 12);
  for (let sample = 0; sample < samples; sample++) file.writeUInt16LE(bits, bitsAt + 2 * sample);
  return file;
}

const tiff = (options: TiffOptions) => (image: Sharp) => image.tiff(options).toBuffer();

/** The kinds of picture that cost different amounts of memory to decode. */
export const PICTURE_KINDS: readonly PictureKind[] = [
  { name: 'JPEG 4:2:0', encode: (image) => image.jpeg().toBuffer() },
  { name: 'JPEG 4:4:4', encode: (image) => image.jpeg({ chromaSubsampling: '4:4:4' }).toBuffer() },
  { name: 'JPEG gray', encode: (image) => gray(image).jpeg().toBuffer() },
  { name: 'JPEG CMYK', encode: (image) => cmyk(image).jpeg().toBuffer() },
  { name: 'JPEG progressive 4:2:0', encode: (image) => image.jpeg({ progressive: true }).toBuffer() },
  {
    name: 'JPEG progressive 4:4:4',
    encode: (image) => image.jpeg({ progressive: true, chromaSubsampling: '4:4:4' }).toBuffer(),
  },
  { name: 'JPEG progressive gray', encode: (image) => gray(image).jpeg({ progressive: true }).toBuffer() },
  { name: 'JPEG progressive CMYK', encode: (image) => cmyk(image).jpeg({ progressive: true }).toBuffer() },
  {
    name: 'JPEG 4:2:0 turned',
    encode: (image) => image.jpeg().withMetadata({ orientation: 6 }).toBuffer(),
  },
  {
    name: 'JPEG progressive 4:2:0 turned',
    encode: (image) => image.jpeg({ progressive: true }).withMetadata({ orientation: 6 }).toBuffer(),
  },
  { name: 'PNG RGB', encode: (image) => image.png({ compressionLevel: 1 }).toBuffer() },
  { name: 'PNG RGBA', encode: (image) => alpha(image).png({ compressionLevel: 1 }).toBuffer() },
  { name: 'PNG gray', encode: (image) => gray(image).png({ compressionLevel: 1 }).toBuffer() },
  { name: 'PNG palette', encode: (image) => image.png({ palette: true, effort: 1 }).toBuffer() },
  { name: 'PNG 16-bit RGB', encode: (image) => rgb16(image).png({ compressionLevel: 1 }).toBuffer() },
  { name: 'PNG 16-bit RGBA', encode: (image) => rgb16(alpha(image)).png({ compressionLevel: 1 }).toBuffer() },
  { name: 'PNG 16-bit gray', encode: (image) => gray16(image).png({ compressionLevel: 1 }).toBuffer() },
  { name: 'PNG interlaced RGB', encode: (image) => image.png({ progressive: true, compressionLevel: 1 }).toBuffer() },
  {
    name: 'PNG interlaced RGBA',
    encode: (image) => alpha(image).png({ progressive: true, compressionLevel: 1 }).toBuffer(),
  },
  {
    name: 'PNG interlaced 16-bit RGBA',
    encode: (image) => rgb16(alpha(image)).png({ progressive: true, compressionLevel: 1 }).toBuffer(),
  },
  { name: 'WebP', encode: (image) => image.webp({ effort: 0 }).toBuffer() },
  { name: 'WebP with alpha', encode: (image) => alpha(image).webp({ effort: 0 }).toBuffer() },
  { name: 'WebP lossless', encode: (image) => image.webp({ lossless: true, effort: 0 }).toBuffer() },
  { name: 'WebP lossless with alpha', encode: (image) => alpha(image).webp({ lossless: true, effort: 0 }).toBuffer() },
  { name: 'GIF', encode: (image) => image.gif({ effort: 1, colours: 64, dither: 0 }).toBuffer() },
  { name: 'TIFF RGB, LZW', encode: tiff({ compression: 'lzw' }) },
  { name: 'TIFF RGB, tiles', encode: tiff({ compression: 'deflate', tile: true }) },
  { name: 'TIFF RGB, JPEG', encode: tiff({ compression: 'jpeg' }) },
  { name: 'TIFF CMYK', encode: (image) => tiff({ compression: 'lzw' })(cmyk(image)) },
  { name: 'TIFF 16-bit RGB', encode: (image) => tiff({ compression: 'lzw' })(rgb16(image)) },
  {
    name: 'TIFF RGB, LZW, turned',
    encode: (image) => image.withMetadata({ orientation: 6 }).tiff({ compression: 'lzw' }).toBuffer(),
  },
  { name: 'TIFF RGB, one strip', encode: (_, width, height) => Promise.resolve(oneStripTiff(width, height, 3, 8)) },
  {
    name: 'TIFF RGBA 16-bit, one strip',
    encode: (_, width, height) => Promise.resolve(oneStripTiff(width, height, 4, 16, 2)),
  },
  {
    name: 'TIFF RGBA premultiplied, one strip',
    encode: (_, width, height) => Promise.resolve(oneStripTiff(width, height, 4, 8, 1)),
  },
  {
    name: 'TIFF 16-bit gray, one strip',
    encode: (_, width, height) => Promise.resolve(oneStripTiff(width, height, 1, 16)),
  },
];
