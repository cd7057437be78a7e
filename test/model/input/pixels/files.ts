import { crc32, deflateSync } from 'node:zlib';

/** Image files, made by hand, of varieties that no encoder here writes. */

export function pngChunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(data.length, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return chunk;
}

/** A PNG of the given header and rows, each without its filter byte. `transparent` is the body of tRNS. */
export function png(
  header: { width: number; height: number; bits: number; colorType: number },
  rows: Uint8Array[],
  transparent?: Uint8Array,
): Buffer {
  const ihdr = Buffer.alloc(13);
  ihdr.writeUInt32BE(header.width, 0);
  ihdr.writeUInt32BE(header.height, 4);
  ihdr[8] = header.bits;
  ihdr[9] = header.colorType;
  const data = deflateSync(Buffer.concat(rows.flatMap((row) => [Uint8Array.of(0), row])));
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    pngChunk('IHDR', ihdr),
    ...(transparent ? [pngChunk('tRNS', transparent)] : []),
    pngChunk('IDAT', data),
    pngChunk('IEND', new Uint8Array()),
  ]);
}

const word = (value: number): number[] => [value & 255, value >> 8];

/** Colour indices below 128 as LZW codes of eight bits, the dictionary cleared before it would grow to nine. */
function lzw(indices: number[], hasEnd: boolean): number[] {
  const clear = 128;
  const codes = indices.flatMap((index, at) => (at % 100 === 0 ? [clear, index] : [index]));
  if (hasEnd) codes.push(clear + 1);
  const blocks: number[] = [];
  for (let at = 0; at < codes.length; at += 255) {
    const block = codes.slice(at, at + 255);
    blocks.push(block.length, ...block);
  }
  return [7, ...blocks, 0];
}

/** The flags of a GIF's table of colours: that there is one, and its size. */
const tableFlags = (colors?: number[]): number => (colors ? 0x7f + Math.log2(colors.length / 3) : 0);

/** A GIF of one frame with up to 128 colours (a flat list, of a power of two) or none. */
export function gif(spec: {
  canvas: [width: number, height: number];
  frame: [left: number, top: number, width: number, height: number];
  indices: number[];
  globalColors?: number[];
  localColors?: number[];
  transparent?: number;
  /** Whether the pixels end with the code that says so. */
  hasEnd?: boolean;
}): Buffer {
  const { canvas, frame, indices, globalColors, localColors, transparent, hasEnd = true } = spec;
  const control = transparent === undefined ? [] : [0x21, 0xf9, 4, 1, 0, 0, transparent, 0];
  return Buffer.from([
    ...Buffer.from('GIF89a'),
    ...canvas.flatMap(word),
    ...[tableFlags(globalColors), 0, 0, ...(globalColors ?? [])],
    ...control,
    ...[0x2c, ...frame.flatMap(word), tableFlags(localColors), ...(localColors ?? [])],
    ...lzw(indices, hasEnd),
    0x3b,
  ]);
}

/** A black BMP of 24 bits, with pixels for at most a hundred rows. */
export function bmp(width: number, height: number): Buffer {
  const head = Buffer.alloc(54);
  head.write('BM', 'latin1');
  [54, 40, width, height].forEach((value, index) => head.writeUInt32LE(value, 10 + 4 * index));
  head.writeUInt16LE(24, 28);
  return Buffer.concat([head, Buffer.alloc(Math.ceil((width * 3) / 4) * 4 * Math.min(height, 100))]);
}

/** A little-endian TIFF of one strip; `tags` are SHORTs besides the size and the strip's. */
export function tiff(width: number, height: number, tags: Record<number, number | number[]>, data: Uint8Array): Buffer {
  const long = 4;
  const short = 3;
  const entries: [tag: number, type: number, values: number[]][] = [
    [256, long, [width]],
    [257, long, [height]],
    [273, long, [8]],
    [278, long, [height]],
    [279, long, [data.length]],
    ...Object.entries(tags).map(([tag, value]): [number, number, number[]] => [Number(tag), short, [value].flat()]),
  ];
  entries.sort(([a], [b]) => a - b);
  const directoryAt = 8 + data.length + (data.length % 2);
  const extraAt = directoryAt + 2 + entries.length * 12 + 4;
  const file = Buffer.alloc(extraAt + entries.length * 16);
  file.write('II*\0', 'latin1');
  file.writeUInt32LE(directoryAt, 4);
  file.set(data, 8);
  file.writeUInt16LE(entries.length, directoryAt);
  entries.forEach(([tag, type, values], index) => {
    const at = directoryAt + 2 + index * 12;
    file.writeUInt16LE(tag, at);
    file.writeUInt16LE(type, at + 2);
    file.writeUInt32LE(values.length, at + 4);
    let field = at + 8;
    if (type === short && values.length > 2) {
      field = extraAt + index * 16;
      file.writeUInt32LE(field, at + 8);
    }
    values.forEach((value, place) => {
      if (type === short) file.writeUInt16LE(value, field + place * 2);
      else file.writeUInt32LE(value, field);
    });
  });
  return file;
}
