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

/** The same of the other types: text, a signed byte, a signed fraction, floats and an offset. */
const BYTES_OF_OTHERS: Readonly<Record<number, number>> = { 2: 1, 6: 1, 10: 8, 11: 4, 12: 8, 13: 4 };

/** An entry of a TIFF directory. */
export interface TiffEntry {
  readonly tag: number;
  readonly type: number;
  /** Number of values. */
  readonly count: number;
  /** Offset of the values, possibly past the end of the file. */
  readonly at: number;
}

/** The first directory of a classic or big TIFF; the content of EXIF has the same structure. */
export class TiffDirectory {
  readonly #view: DataView;
  readonly littleEndian: boolean;
  readonly #big: boolean;

  /** @throws RangeError if the header is incomplete */
  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.littleEndian = this.#view.getUint8(0) === 0x49;
    this.#big = this.#view.getUint16(2, this.littleEndian) === 43;
  }

  /**
   * Yields the entries with values of a known type.
   *
   * @throws RangeError at the first entry that is outside the file
   */
  *entries(): Generator<TiffEntry> {
    for (const entry of this.#all()) if (BYTES_OF[entry.type] !== undefined) yield entry;
  }

  /**
   * Yields those of the entries that Pillow reads: it ends at the first one whose values are not all there.
   *
   * @throws RangeError as `entries` does
   */
  *readableEntries(): Generator<TiffEntry> {
    for (const entry of this.#all()) {
      const { type, count, at } = entry;
      if (at + count * (BYTES_OF[type] ?? BYTES_OF_OTHERS[type] ?? 0) > this.#view.byteLength) return;
      if (BYTES_OF[type] !== undefined) yield entry;
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
      yield { tag: this.#view.getUint16(entry, this.littleEndian), type, count, at };
    }
  }

  /**
   * The first value of an entry.
   *
   * @returns undefined if it is not an integer of 16 bits or more
   * @throws RangeError if it is outside the file
   */
  integer(entry: TiffEntry): number | undefined {
    return entry.type === BYTE || entry.type === UNDEFINED || entry.type === RATIONAL
      ? undefined
      : this.number(entry, 0);
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
        return this.#view.getUint32(place, this.littleEndian);
      case RATIONAL:
        return this.#view.getUint32(place, this.littleEndian) / this.#view.getUint32(place + 4, this.littleEndian);
      case SIGNED_SHORT:
        return this.#view.getInt16(place, this.littleEndian);
      case SIGNED_LONG:
        return this.#view.getInt32(place, this.littleEndian);
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

  #address(at: number): number {
    return this.#big
      ? Number(this.#view.getBigUint64(at, this.littleEndian))
      : this.#view.getUint32(at, this.littleEndian);
  }
}
