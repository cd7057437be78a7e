/** The pickle is damaged, or is more than plain data. */
export class PickleError extends Error {}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Longest module or class name: a longer one is damage. */
const MAX_LINE = 1024;

/** Reads opcodes and arguments of a pickle. Throws a PickleError at the end of the bytes. */
export class PickleReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Number of bytes read so far. */
  get position(): number {
    return this.#position;
  }

  byte(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  uint64(): number {
    // Only lengths have 64 bits, and one that a double has to round is past the end anyway.
    return Number(this.#view.getBigUint64(this.#advance(8), true));
  }

  /** Big-endian, unlike everything else. */
  float64(): number {
    return this.#view.getFloat64(this.#advance(8), false);
  }

  bytes(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  text(length: number): string {
    try {
      return utf8.decode(this.bytes(length));
    } catch (error) {
      if (error instanceof PickleError) throw error;
      throw new PickleError('a string is not UTF-8', { cause: error });
    }
  }

  /** A little-endian two's complement integer: a bigint if it is not a safe integer. */
  long(length: number): number | bigint {
    let value = 0n;
    const bytes = this.bytes(length);
    bytes.forEach((byte, i) => (value |= BigInt(byte) << BigInt(8 * i)));
    const signed = BigInt.asIntN(8 * length, value);
    const number = Number(signed);
    return Number.isSafeInteger(number) ? number : signed;
  }

  /** A string that ends with a line feed. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#position);
    if (end === -1 || end - this.#position > MAX_LINE) throw new PickleError('a name has no end');
    const text = this.text(end - this.#position);
    this.#position++;
    return text;
  }

  #advance(length: number): number {
    const start = this.#position;
    if (length > this.#bytes.length - start) throw new PickleError('it ends prematurely');
    this.#position = start + length;
    return start;
  }
}
