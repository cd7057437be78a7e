/** Capacity at the start, unless more is expected. */
const LEAST_CAPACITY = 4096;

/** Bytes that grow at their end. The expected size is allocated at once, so that nothing large is copied later. */
export class ByteBuilder {
  #bytes: Buffer<ArrayBuffer>;
  #length = 0;

  /** @param expected how many bytes are likely to come; memory that is not written to costs nothing */
  constructor(expected = 0) {
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(LEAST_CAPACITY, expected));
  }

  get length(): number {
    return this.#length;
  }

  append(part: Uint8Array): void {
    const length = this.#length + part.length;
    if (length > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(length, this.#bytes.length * 2));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    this.#bytes.set(part, this.#length);
    this.#length = length;
  }

  /** All of it; copied where that frees more memory than it takes. */
  bytes(): Buffer<ArrayBuffer> {
    const whole = this.#bytes.subarray(0, this.#length);
    return this.#length * 2 > this.#bytes.length ? whole : Buffer.from(whole);
  }
}
