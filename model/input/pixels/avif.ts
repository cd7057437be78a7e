import { uint16 } from './jpeg.ts';
import type { Orientation } from './transpose.ts';

/** Most pixels of an AVIF. Its decoder needs far more memory and time than the others. */
export const MAX_AVIF_PIXELS = 50_000_000;
/** Peak memory of decoding per pixel and byte of its samples, measured; half as much again with alpha. */
export const AVIF_BYTES_PER_PIXEL = 20;

/** Offset of the major brand, in the box that a file starts with. */
const MAJOR_BRAND = 8;

/** Most properties that an image can refer to, by 15 bits. */
const MAX_BOXES = 2 ** 15 - 1;

/** The boxes that crop, turn and mirror an image (ISO/IEC 23008-12, 6.5.9, 6.5.10 and 6.5.12). */
const TRANSFORMS: readonly string[] = ['clap', 'irot', 'imir'];

/**
 * An AVIF for the decoder: under the major brand that it looks for, and without transforms. Animations have another
 * brand, and are read like a still image, which is their first frame. Of the transforms, the decoder would apply those
 * of a grid's tiles too, and crop what Pillow does not; `transformOf` says how to turn the result. A box that leaves all
 * of the coding of colours unspecified but the range of levels gets BT.601, which Pillow takes then: the decoder would
 * ignore the box, and its range too.
 *
 * @param bytes an AVIF file, possibly damaged
 */
export function forDecoder(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const properties = allProperties(view);
  const transforms = properties.filter(({ type }) => TRANSFORMS.includes(type));
  const unspecified = properties.filter((box) => isUnspecified(view, box));
  const brand = Buffer.from('avif');
  const hasBrand = brand.equals(bytes.subarray(MAJOR_BRAND, MAJOR_BRAND + brand.length));
  if (hasBrand && transforms.length === 0 && unspecified.length === 0) return bytes;
  // The slice() of a Buffer does not copy.
  const file = new Uint8Array(bytes);
  file.set(brand, MAJOR_BRAND);
  for (const { typeAt } of transforms) file.set(Buffer.from('free'), typeAt);
  for (const { start } of unspecified) file[start + MATRIX_AT + 1] = BT601;
  return file;
}

/** A box of an ISO base media file: its type, the offset of that, and where its content starts and ends. */
interface Box {
  readonly type: string;
  readonly typeAt: number;
  readonly start: number;
  readonly end: number;
}

/** The kind of a box `colr` that says how colours are coded: "nclx". */
const NCLX = 0x6e_63_6c_78;
/** Offsets in a box `colr` of this kind. */
const PRIMARIES_AT = 4;
const TRANSFER_AT = 6;
const MATRIX_AT = 8;
const RANGE_AT = 10;
/** Codes of ITU-T H.273. */
const UNSPECIFIED = 2;
const BT601 = 6;
/** Bytes of the version and flags at the start of some boxes' content. */
const FULL_BOX_BYTES = 4;

/** The boxes between two offsets. Ends early at a damaged one, and after as many as an image can refer to. */
function* boxesOf(view: DataView, start: number, end: number): Generator<Box> {
  let at = start;
  for (let count = 0; count < MAX_BOXES && at + 8 <= end; count++) {
    const size = view.getUint32(at);
    const type = String.fromCharCode(...[4, 5, 6, 7].map((offset) => view.getUint8(at + offset)));
    const hasLargeSize = size === 1 && at + 16 <= end;
    const headBytes = hasLargeSize ? 16 : 8;
    const boxEnd = size === 0 ? end : at + (hasLargeSize ? Number(view.getBigUint64(at + 8)) : size);
    if (boxEnd < at + headBytes || boxEnd > end) return;
    yield { type, typeAt: at + 4, start: at + headBytes, end: boxEnd };
    at = boxEnd;
  }
}

/**
 * The orientation that an AVIF gives in its boxes `irot` and `imir` (ISO/IEC 23008-12, 6.5.10 and 6.5.12), as the one
 * of EXIF that has the same effect.
 *
 * @param bytes an AVIF file, possibly damaged
 */
export function transformOf(bytes: Uint8Array): Orientation {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const { angle, axis } = readTransform(view);
    if (angle === 0) return axis === undefined ? 1 : axis === 0 ? 4 : 2;
    // Anti-clockwise, then mirrored top to bottom (axis 0) or left to right (axis 1).
    const [turned, topToBottom, leftToRight]: Orientation[] =
      angle === 1 ? [8, 5, 7] : angle === 2 ? [3, 2, 4] : [6, 7, 5];
    return (axis === undefined ? turned : axis === 0 ? topToBottom : leftToRight) ?? 1;
  } catch (error) {
    if (error instanceof RangeError) return 1;
    throw error;
  }
}

interface Transform {
  /** Quarter turns, anti-clockwise. */
  readonly angle: number;
  /** 0 mirrors top to bottom, 1 left to right, undefined not at all. */
  readonly axis: number | undefined;
}

/** @throws RangeError if a box is too short */
function readTransform(view: DataView): Transform {
  let angle = 0;
  let axis: number | undefined;
  for (const { type, start } of imageProperties(view)) {
    if (type === 'irot') angle = view.getUint8(start) & 3;
    if (type === 'imir') axis = view.getUint8(start) & 1;
  }
  return { angle, axis };
}

/** Whether a box says how colours are coded in numbers: the first such property of an image counts. */
function isNclx(view: DataView, { type, start, end }: Box): boolean {
  return type === 'colr' && end - start > RANGE_AT && view.getUint32(start) === NCLX;
}

function isUnspecified(view: DataView, box: Box): boolean {
  if (!isNclx(view, box)) return false;
  return [PRIMARIES_AT, TRANSFER_AT, MATRIX_AT].every((at) => view.getUint16(box.start + at) === UNSPECIFIED);
}

/** The boxes that describe the images of a file. */
function metaBoxes(view: DataView): Box[] {
  const metas = [...boxesOf(view, 0, view.byteLength)].filter(({ type }) => type === 'meta');
  return metas.flatMap(({ start, end }) => [...boxesOf(view, start + FULL_BOX_BYTES, end)]);
}

/** The properties of all images, which each of them refers to by their numbers. */
function allProperties(view: DataView): Box[] {
  const inProperties = metaBoxes(view).flatMap(({ type, start, end }) =>
    type === 'iprp' ? [...boxesOf(view, start, end)] : [],
  );
  return inProperties.flatMap(({ type, start, end }) => (type === 'ipco' ? [...boxesOf(view, start, end)] : []));
}

/**
 * The pixels of the largest image in an AVIF by its boxes `ispe`, which is a tile where a grid shows only a part of it.
 * The decoder decodes that whole, and refuses one whose box says another size.
 *
 * @param bytes an AVIF file, possibly damaged
 * @returns 0 if there is no such box, without which it cannot be decoded
 */
export function pixelsOfLargest(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let pixels = 0;
  for (const { type, start, end } of allProperties(view)) {
    if (type !== 'ispe' || end - start < 12) continue;
    pixels = Math.max(pixels, view.getUint32(start + 4) * view.getUint32(start + 8));
  }
  return pixels;
}

/**
 * The number of the primary image.
 *
 * @throws RangeError if the box is too short
 */
function primaryItem(view: DataView): number | undefined {
  const item = find(metaBoxes(view), 'pitm');
  if (item === undefined) return undefined;
  return view.getUint8(item.start) === 0 ? view.getUint16(item.start + 4) : view.getUint32(item.start + 4);
}

/**
 * The boxes of an image's properties, by default the primary one's, in the order in which they apply.
 *
 * @throws RangeError if a box is too short
 */
function* imageProperties(view: DataView, item = primaryItem(view)): Generator<Box> {
  const properties = find(metaBoxes(view), 'iprp');
  if (item === undefined || !properties) return;
  const all = allProperties(view);
  for (const association of boxesOf(view, properties.start, properties.end)) {
    if (association.type !== 'ipma') continue;
    for (const index of propertiesOf(view, association, item)) {
      const property = all[index - 1];
      if (property !== undefined) yield property;
    }
  }
}

/**
 * The number of the image's first tile, if it is a grid of tiles.
 *
 * @throws RangeError if a box is too short
 */
function firstTile(view: DataView): number | undefined {
  const references = find(metaBoxes(view), 'iref');
  if (references === undefined) return undefined;
  const hasLongIds = view.getUint8(references.start) > 0;
  const idAt = (at: number): number => (hasLongIds ? view.getUint32(at) : view.getUint16(at));
  const idBytes = hasLongIds ? 4 : 2;
  const primary = primaryItem(view);
  for (const { type, start } of boxesOf(view, references.start + FULL_BOX_BYTES, references.end)) {
    // Behind the number of the grid is that of its tiles, and then each tile's own.
    if (type === 'dimg' && idAt(start) === primary) return idAt(start + idBytes + 2);
  }
  return undefined;
}

/**
 * Whether an AVIF is gray with levels from 16 to 235, by its boxes `av1C` and `colr` (AV1-ISOBMFF, 2.3.3, and ISO/IEC
 * 14496-12, 12.1.5). The decoder takes them for levels from 0 to 255; those of colours it spreads.
 *
 * @param bytes an AVIF file, possibly damaged
 */
export function isGrayOfLimitedRange(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const own = [...imageProperties(view)];
    const tile = firstTile(view);
    // Of a grid, the tiles say how they are coded.
    const coding = find(tile === undefined ? own : imageProperties(view, tile), 'av1C');
    if (coding === undefined || (view.getUint8(coding.start + 2) & 0x10) === 0) return false;
    const colors = own.find((box) => isNclx(view, box));
    if (colors !== undefined) return (view.getUint8(colors.start + RANGE_AT) & 0x80) === 0;
    return hasLimitedSequence(bytes.subarray(coding.start + CODING_BYTES, coding.end));
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** Bytes of the box `av1C` before its OBUs. */
const CODING_BYTES = 4;
/** How an OBU begins that is the header of a sequence and says its length (AV1, 5.3.2). */
const SEQUENCE_HEADER = 0x0a;
/** Longest OBU whose length is one byte. */
const SHORT_OBU = 127;

/**
 * Whether the header of a gray AV1 sequence says that levels go from 16 to 235. Its last three bits are `color_range`,
 * `film_grain_params_present` and a 1, before the zeros that fill its last byte (AV1, 5.5.1 and 5.5.2).
 *
 * @param obus the OBUs in a box `av1C`
 */
function hasLimitedSequence(obus: Uint8Array): boolean {
  for (let at = 0; at + 1 < obus.length;) {
    const length = obus[at + 1] ?? 0;
    const end = at + 2 + length;
    if (length > SHORT_OBU || end > obus.length) return false;
    if (obus[at] === SEQUENCE_HEADER) {
      const bits = length < 2 ? 0 : uint16(obus, end - 2);
      const last = bits & -bits;
      return last !== 0 && (bits & (last << 2)) === 0;
    }
    at = end;
  }
  return false;
}

/**
 * Whether the colours of an AVIF were multiplied by its alpha, by the reference "prem" between its items (ISO/IEC
 * 23008-12, 6.4.3). The decoder leaves them so, and Pillow divides them.
 *
 * @param bytes an AVIF file, possibly damaged
 */
export function isPremultiplied(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const references = find(metaBoxes(view), 'iref');
  if (references === undefined) return false;
  return find(boxesOf(view, references.start + FULL_BOX_BYTES, references.end), 'prem') !== undefined;
}

function find(boxes: Iterable<Box>, wanted: string): Box | undefined {
  for (const box of boxes) if (box.type === wanted) return box;
  return undefined;
}

/** The numbers, from 1, of an item's properties in a box `ipma`. */
function propertiesOf(view: DataView, { start, end }: Box, item: number): number[] {
  const hasLongIds = view.getUint8(start) > 0;
  const hasLongIndices = (view.getUint8(start + 3) & 1) === 1;
  const entries = view.getUint32(start + FULL_BOX_BYTES);
  let at = start + FULL_BOX_BYTES + 4;
  for (let entry = 0; entry < entries && at < end; entry++) {
    const id = hasLongIds ? view.getUint32(at) : view.getUint16(at);
    at += hasLongIds ? 4 : 2;
    const count = view.getUint8(at++);
    const indexBytes = hasLongIndices ? 2 : 1;
    if (id === item) {
      // The highest bit says whether a reader must know the property.
      return Array.from({ length: count }, (_, index) =>
        hasLongIndices ? view.getUint16(at + 2 * index) & 0x7fff : view.getUint8(at + index) & 0x7f,
      );
    }
    at += count * indexBytes;
  }
  return [];
}
