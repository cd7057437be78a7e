import { LzmaDecoder } from './lzma.ts';

const HEADER_BYTES = 12;
const MAGIC = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]);
/** Bytes of the check after a block, by its type. */
const CHECK_BYTES = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];
const DELTA_FILTER = 3;
const LZMA2_FILTER = 0x21;

/** Reads bytes and numbers of variable length, and throws a RangeError at the end. */
class Reader {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  byte(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined) throw new RangeError('the xz data end early');
    return byte;
  }

  word(): number {
    return this.byte() * 256 + this.byte();
  }

  bytes(length: number): Uint8Array {
    if (this.at + length > this.#bytes.length) throw new RangeError('the xz data end early');
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  variableLength(): number {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 49; factor *= 128) {
      const byte = this.byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
    throw new RangeError('a number in the xz data is too long');
  }
}

/**
 * Expands a file of the .xz format, with the filters that TIFF writers use: LZMA2, with or without delta. Its checksums
 * are not verified.
 *
 * @param target is filled from its start
 * @returns how many bytes were written
 * @throws RangeError if the data are damaged, or have other filters
 */
export function expandXz(data: Uint8Array, target: Uint8Array): number {
  if (!MAGIC.equals(data.subarray(0, MAGIC.length))) throw new RangeError('not xz');
  const checkBytes = CHECK_BYTES[(data[7] ?? 0) & 15] ?? 0;
  const reader = new Reader(data, HEADER_BYTES);
  let at = 0;
  // A header size of 0 marks the index, which follows the last block.
  for (let size = reader.byte(); size !== 0 && at < target.length; size = reader.byte()) {
    const start = reader.at - 1;
    const delta = readFilters(reader);
    reader.at = start + (size + 1) * 4;
    const end = expandLzma2(reader, target, at);
    for (let index = at + delta; delta > 0 && index < end; index++) {
      target[index] = (target[index] ?? 0) + (target[index - delta] ?? 0);
    }
    at = end;
    if (at === target.length) break;
    reader.at = start + Math.ceil((reader.at - start) / 4) * 4 + checkBytes;
  }
  return at;
}

/** @returns the distance of the delta filter, or 0 */
function readFilters(reader: Reader): number {
  const flags = reader.byte();
  const count = (flags & 3) + 1;
  if (flags & 0x40) reader.variableLength();
  if (flags & 0x80) reader.variableLength();
  let delta = 0;
  for (let index = 0; index < count; index++) {
    const filter = reader.variableLength();
    const properties = reader.bytes(reader.variableLength());
    if (filter === DELTA_FILTER && index === 0 && count === 2) delta = (properties[0] ?? 0) + 1;
    else if (filter !== LZMA2_FILTER || index !== count - 1) throw new RangeError('an unknown filter of xz');
  }
  return delta;
}

/** @returns where the output ends */
function expandLzma2(reader: Reader, target: Uint8Array, at: number): number {
  const decoder = new LzmaDecoder(target, at);
  for (let control = reader.byte(); control !== 0 && decoder.at < target.length; control = reader.byte()) {
    if (control < 0x80) {
      if (control > 2) throw new RangeError('an unknown chunk of LZMA2');
      if (control === 1) decoder.resetDictionary();
      decoder.copy(reader.bytes(reader.word() + 1));
      continue;
    }
    const length = ((control & 31) << 16) + reader.word() + 1;
    const dataLength = reader.word() + 1;
    const reset = (control >> 5) & 3;
    if (reset === 3) decoder.resetDictionary();
    if (reset > 0) decoder.resetState(reset >= 2 ? reader.byte() : undefined);
    decoder.decode(reader.bytes(dataLength), length);
    if (decoder.at === target.length) break;
  }
  return decoder.at;
}
