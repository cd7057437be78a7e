/**
 * Writes the part of the protocol buffers wire format that ONNX needs (protobuf.dev, "Encoding"). Methods can be
 * chained.
 */
export class ProtoWriter {
  readonly #parts: Uint8Array[] = [];

  /** A varint field (wire type 0): int32, int64, enum. */
  int(field: number, value: number | bigint): this {
    this.#key(field, 0);
    this.#varint(BigInt(value));
    return this;
  }

  /** A repeated varint field, not packed. */
  ints(field: number, values: readonly (number | bigint)[]): this {
    for (const value of values) this.int(field, value);
    return this;
  }

  /** A float field (wire type 5). */
  float(field: number, value: number): this {
    this.#key(field, 5);
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    this.#parts.push(bytes);
    return this;
  }

  /** A length-delimited field (wire type 2) with UTF-8 text. */
  string(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  /** A repeated string field. */
  strings(field: number, values: readonly string[]): this {
    for (const value of values) this.string(field, value);
    return this;
  }

  /** A length-delimited field (wire type 2) with raw bytes. */
  bytes(field: number, value: Uint8Array): this {
    this.#key(field, 2);
    this.#varint(BigInt(value.length));
    this.#parts.push(value);
    return this;
  }

  /** An embedded message. */
  message(field: number, build: (writer: ProtoWriter) => unknown): this {
    const writer = new ProtoWriter();
    build(writer);
    return this.bytes(field, writer.finish());
  }

  /** The message as one array. */
  finish(): Uint8Array {
    return Buffer.concat(this.#parts);
  }

  #key(field: number, wireType: number): void {
    this.#varint(BigInt(field * 8 + wireType));
  }

  #varint(value: bigint): void {
    // Negative numbers are encoded as 64-bit two's complement.
    let rest = BigInt.asUintN(64, value);
    const bytes: number[] = [];
    while (rest > 0x7fn) {
      bytes.push(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    bytes.push(Number(rest));
    this.#parts.push(Uint8Array.from(bytes));
  }
}
