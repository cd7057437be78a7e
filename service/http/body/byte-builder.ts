/** Bytes at the start, unless more are expected. */
const LEAST_CAPACITY = 4096;

/** Bytes that grow at their end. What is expected is taken at once, so that nothing large is copied later. */
export class ByteBuilder {
  #bytes: Buffer;
  #length = 0;

  /** @param expected how many bytes are likely to come; memory that is not written to costs nothing */
  constructor(expected = 0) {
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(LEAST_CAPACITY, expected));
  }

  get length(): number {
    return this.#length;
  }

  append(part: Uint8Array): void {
    this.#reserve(part.length);
    this.#bytes.set(part, this.#length);
    this.#length += part.length;
  }

  /** Appends what a text in base64 stands for. @returns how many bytes that were */
  appendBase64(text: string): number {
    this.#reserve(text.length);
    const written = this.#bytes.write(text, this.#length, 'base64');
    this.#length += written;
    return written;
  }

  /** Takes away what is behind a length. @returns that part, until something is appended */
  cut(length: number): Buffer {
    const tail = this.#bytes.subarray(length, this.#length);
    this.#length = length;
    return tail;
  }

  /** All of it, in memory of its own size unless that would copy much for little. */
  bytes(): Buffer {
    const whole = this.#bytes.subarray(0, this.#length);
    return this.#length * 2 > this.#bytes.length ? whole : Buffer.from(whole);
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
