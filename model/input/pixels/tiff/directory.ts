/** Types of values of TIFF 6.0 and BigTIFF that are read. */
export const BYTE = 1;
const SHORT = 3;
const LONG = 4;
const RATIONAL = 5;
export const UNDEFINED = 7;
const SIGNED_SHORT = 8;
const SIGNED_LONG = 9;
const LONG8 = 16;

/** Bytes of a value of these types. */
const BYTES_OF: Readonly<Record<number, number>> = {
  [BYTE]: 1,
  [SHORT]: 2,
  [LONG]: 4,
  [RATIONAL]: 8,
  [UNDEFINED]: 1,
  [SIGNED_SHORT]: 2,
  [SIGNED_LONG]: 4,
  [LONG8]: 8,
};

const ASCII = 2;
const SIGNED_BYTE = 6;
const SIGNED_RATIONAL = 10;
const FLOAT = 11;
const DOUBLE = 12;
const IFD = 13;

/** The same for types that say nothing about an image's layout. */
const BYTES_OF_OTHERS: Readonly<Record<number, number>> = {
  [ASCII]: 1,
  [SIGNED_BYTE]: 1,
  [SIGNED_RATIONAL]: 8,
  [FLOAT]: 4,
  [DOUBLE]: 8,
  [IFD]: 4,
};

/** An entry of a TIFF directory. */
export interface TiffEntry {
  readonly tag: number;
  readonly type: number;
  /** Number of values. */
  readonly count: number;
  /** Offset of the values, possibly past the end of the file. */
  readonly at: number;
  /** The entry itself. */
  readonly bytes: Uint8Array;
}

/** The first directory of a classic or big TIFF; the content of EXIF has the same structure. */
export class TiffDirectory {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly littleEndian: boolean;
  readonly #big: boolean;

  /** @throws RangeError if the header is incomplete */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.littleEndian = this.#view.getUint8(0) === 0x49;
    this.#big = this.#view.getUint16(2, this.littleEndian) === 43;
  }

  /**
   * Yields the entries with values of a type that says something about the layout.
   *
   * @throws RangeError at the first entry that is outside the file
   */
  *entries(): Generator<TiffEntry> {
    for (const entry of this.#all()) if (BYTES_OF[entry.type] !== undefined) yield entry;
  }

  /**
   * Yields the entries that Pillow reads, of all types: it ends at the first one whose values are not all there.
   *
   * @throws RangeError as `entries` does
   */
  *readableEntries(): Generator<TiffEntry> {
    for (const entry of this.#all()) {
      const { type, count, at } = entry;
      if (at + count * (BYTES_OF[type] ?? BYTES_OF_OTHERS[type] ?? 0) > this.#view.byteLength) return;
      yield entry;
    }
  }

  *#all(): Generator<TiffEntry> {
    const directory = this.#address(this.#big ? 8 : 4);
    const entryBytes = this.#big ? 20 : 12;
    const entries = this.#big ? this.#address(directory) : this.#view.getUint16(directory, this.littleEndian);
    const first = directory + (this.#big ? 8 : 2);
    // A directory has at most as many entries as there are 16-bit tags. With a wrong count, reading fails at the end.
    for (let index = 0; index < Math.min(entries, 65_536); index++) {
      const entry = first + index * entryBytes;
      const type = this.#view.getUint16(entry + 2, this.littleEndian);
      const valueBytes = BYTES_OF[type] ?? BYTES_OF_OTHERS[type];
      if (valueBytes === undefined) continue;
      const count = this.#address(entry + 4);
      const field = entry + (this.#big ? 12 : 8);
      const address = this.#address(field);
      const at = count * valueBytes <= (this.#big ? 8 : 4) ? field : address;
      const bytes = this.#bytes.subarray(entry, entry + entryBytes);
      yield { tag: this.#view.getUint16(entry, this.littleEndian), type, count, at, bytes };
    }
  }

  /**
   * The first value of an entry.
   *
   * @returns NaN if it is text or a byte
   * @throws RangeError if it is outside the file
   */
  first(entry: TiffEntry): number {
    return [BYTE, ASCII, UNDEFINED].includes(entry.type) ? NaN : this.number(entry, 0);
  }

  /**
   * A value of an entry.
   *
   * @throws RangeError if it is outside the file
   */
  number({ type, at }: TiffEntry, index: number): number {
    const place = at + index * (BYTES_OF[type] ?? 1);
    switch (type) {
      case SHORT:
        return this.#view.getUint16(place, this.littleEndian);
      case LONG:
      case IFD:
        return this.#view.getUint32(place, this.littleEndian);
      case RATIONAL:
        return this.#view.getUint32(place, this.littleEndian) / this.#view.getUint32(place + 4, this.littleEndian);
      case SIGNED_BYTE:
        return this.#view.getInt8(place);
      case SIGNED_SHORT:
        return this.#view.getInt16(place, this.littleEndian);
      case SIGNED_LONG:
        return this.#view.getInt32(place, this.littleEndian);
      case SIGNED_RATIONAL:
        return this.#view.getInt32(place, this.littleEndian) / this.#view.getInt32(place + 4, this.littleEndian);
      case FLOAT:
        return this.#view.getFloat32(place, this.littleEndian);
      case DOUBLE:
        return this.#view.getFloat64(place, this.littleEndian);
      case LONG8:
        return Number(this.#view.getBigUint64(place, this.littleEndian));
      default:
        return this.#view.getUint8(place);
    }
  }

  /**
   * The values of an entry, but no more than `most`.
   *
   * @throws RangeError if one is outside the file
   */
  numbers(entry: TiffEntry, most: number): number[] {
    return Array.from({ length: Math.min(entry.count, most) }, (_, index) => this.number(entry, index));
  }

  /** An entry of one number, for `withDirectory`. */
  entryOf(tag: number, value: number): TiffEntry {
    const bytes = new Uint8Array(this.#big ? 20 : 12);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, tag, this.littleEndian);
    view.setUint16(2, SHORT, this.littleEndian);
    this.#setAddress(view, 4, 1);
    const at = this.#big ? 12 : 8;
    view.setUint16(at, value, this.littleEndian);
    return { tag, type: SHORT, count: 1, at, bytes };
  }

  /** The file with another directory, of these entries, as its only one. */
  withDirectory(entries: readonly TiffEntry[]): Uint8Array {
    const sorted = entries.toSorted((a, b) => a.tag - b.tag);
    const at = this.#bytes.length + (this.#bytes.length % 2);
    const countBytes = this.#big ? 8 : 2;
    const size = sorted.reduce((total, { bytes }) => total + bytes.length, countBytes);
    const file = new Uint8Array(at + size + (this.#big ? 8 : 4));
    file.set(this.#bytes);
    const view = new DataView(file.buffer);
    this.#setAddress(view, this.#big ? 8 : 4, at);
    if (this.#big) this.#setAddress(view, at, sorted.length);
    else view.setUint16(at, sorted.length, this.littleEndian);
    let to = at + countBytes;
    for (const { bytes } of sorted) {
      file.set(bytes, to);
      to += bytes.length;
    }
    return file;
  }

  #setAddress(view: DataView, at: number, value: number): void {
    if (this.#big) view.setBigUint64(at, BigInt(value), this.littleEndian);
    else view.setUint32(at, value, this.littleEndian);
  }

  #address(at: number): number {
    return this.#big
      ? Number(this.#view.getBigUint64(at, this.littleEndian))
      : this.#view.getUint32(at, this.littleEndian);
  }
}
