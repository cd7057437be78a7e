import protobuf from 'protobufjs/minimal.js';
import { HttpProblem, malformedBody } from '../requests/problem.ts';

/** Most fields of a message, nested ones included: a request has a few dozen for each of its texts. */
const MAX_FIELDS = 10_000;

/** Wire types of Protocol Buffers. */
const VARINT = 0;
const BYTES = 2;

/** Reads one field's value. */
type FieldReader = (field: WireField) => void;

/** One field of a message. Its value must be read by one method, once. */
export interface WireField {
  bytes(): Uint8Array;
  /** @param maxBytes longest text */
  text(maxBytes: number): string;
  bool(): boolean;
  /** Whole numbers: one, or several that are packed into one field. */
  integers(most: number): number[];
  /** A nested message. */
  message(fields: Readonly<Record<number, FieldReader>>): void;
}

/**
 * Reads a message of Protocol Buffers, within bounds: a library's objects for 50 MiB of small fields would take
 * gigabytes. Fields that are not named are skipped.
 *
 * @param fields what reads each field, by its number
 * @throws HttpProblem `malformed-body`, and what a reader throws
 */
export function readMessage(bytes: Uint8Array, fields: Readonly<Record<number, FieldReader>>): void {
  try {
    new MessageReader(bytes).read(bytes.length, fields);
  } catch (cause) {
    if (cause instanceof HttpProblem) throw cause;
    throw malformedBody('The message is not valid in Protocol Buffers.', cause);
  }
}

class MessageReader implements WireField {
  readonly #reader: protobuf.Reader;
  #fields = 0;
  #wireType = VARINT;

  constructor(bytes: Uint8Array) {
    this.#reader = protobuf.Reader.create(bytes);
  }

  read(end: number, fields: Readonly<Record<number, FieldReader>>): void {
    const reader = this.#reader;
    while (reader.pos < end) {
      if (++this.#fields > MAX_FIELDS) throw malformedBody(`The message has more than ${MAX_FIELDS} fields.`);
      const tag = reader.uint32();
      this.#wireType = tag & 7;
      const read = fields[tag >>> 3];
      if (read === undefined) reader.skipType(this.#wireType);
      else read(this);
    }
    if (reader.pos > end) throw new RangeError('A field extends beyond its message.');
  }

  bytes(): Uint8Array {
    this.#expect(BYTES);
    return this.#reader.bytes();
  }

  text(maxBytes: number): string {
    const bytes = this.bytes();
    if (bytes.length > maxBytes) throw malformedBody(`The message has a name of more than ${maxBytes} bytes.`);
    // A byte order mark is part of the text, as it is in JSON.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  }

  bool(): boolean {
    this.#expect(VARINT);
    return this.#reader.bool();
  }

  integers(most: number): number[] {
    if (this.#wireType === VARINT) return [this.#integer()];
    this.#expect(BYTES);
    const end = this.#end();
    const values: number[] = [];
    while (this.#reader.pos < end && values.length <= most) values.push(this.#integer());
    this.#reader.pos = end;
    return values;
  }

  message(fields: Readonly<Record<number, FieldReader>>): void {
    this.#expect(BYTES);
    this.read(this.#end(), fields);
  }

  #integer(): number {
    const long = this.#reader.int64() as unknown as { toNumber(): number };
    return long.toNumber();
  }

  /** Where a field that begins with its length ends. */
  #end(): number {
    const length = this.#reader.uint32();
    return this.#reader.pos + length;
  }

  #expect(wireType: number): void {
    if (this.#wireType !== wireType) throw new TypeError(`Wire type ${this.#wireType} instead of ${wireType}.`);
  }
}
