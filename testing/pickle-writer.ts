/** Builds pickles instruction by instruction, sound and malicious ones alike. Named as in Python's pickletools. */
export class PickleWriter {
  readonly #parts: Buffer[] = [];

  /** Raw bytes. */
  raw(...bytes: readonly number[]): this {
    this.#parts.push(Buffer.from(bytes));
    return this;
  }

  proto(version = 2): this {
    return this.raw(0x80, version);
  }

  mark(): this {
    return this.raw(0x28);
  }

  global(module: string, name: string): this {
    this.#parts.push(Buffer.from(`c${module}\n${name}\n`));
    return this;
  }

  stackGlobal(module: string, name: string): this {
    return this.text(module).text(name).raw(0x93);
  }

  /** BINUNICODE */
  text(value: string): this {
    const bytes = Buffer.from(value);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    this.raw(0x58, ...length);
    this.#parts.push(bytes);
    return this;
  }

  /** LONG1, which holds whatever a double counts exactly. */
  int(value: number): this {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    return this.raw(0x8a, 8, ...bytes);
  }

  false(): this {
    return this.raw(0x89);
  }

  true(): this {
    return this.raw(0x88);
  }

  emptyTuple(): this {
    return this.raw(0x29);
  }

  /** A tuple of counts. */
  ints(values: readonly number[]): this {
    this.mark();
    for (const value of values) this.int(value);
    return this.tuple();
  }

  /** TUPLE: of everything since the mark. */
  tuple(): this {
    return this.raw(0x74);
  }

  emptyList(): this {
    return this.raw(0x5d);
  }

  /** APPENDS: everything since the mark. */
  appends(): this {
    return this.raw(0x65);
  }

  emptyDict(): this {
    return this.raw(0x7d);
  }

  /** SETITEMS: of everything since the mark. */
  setItems(): this {
    return this.raw(0x75);
  }

  reduce(): this {
    return this.raw(0x52);
  }

  build(): this {
    return this.raw(0x62);
  }

  persistentId(): this {
    return this.raw(0x51);
  }

  orderedDict(): this {
    return this.global('collections', 'OrderedDict').emptyTuple().reduce();
  }

  none(): this {
    return this.raw(0x4e);
  }

  /**
   * The reference to a storage: its class by its short name, such as FloatStorage.
   *
   * @param legacy as PyTorch before 1.6 wrote it
   */
  storage(type: string, key: string, elements: number, legacy = false): this {
    this.mark().text('storage').global('torch', type).text(key).text('cpu').int(elements);
    if (legacy) this.none();
    return this.tuple().persistentId();
  }

  /** STOP, and the bytes. */
  finish(): Uint8Array {
    return Buffer.concat([...this.#parts, Buffer.from('.')]);
  }
}
