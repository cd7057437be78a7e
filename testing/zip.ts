import { closeSync, openSync, writeSync } from 'node:fs';
import { crc32, deflateRawSync } from 'node:zlib';

/** How a zip archive deviates from what torch.save writes. */
export interface ZipOptions {
  /** Write every size and offset as zip64 does, however small the archive is. */
  readonly zip64?: boolean;
  /** Compress the entries. */
  readonly deflate?: boolean;
}

interface Written {
  readonly name: Buffer;
  readonly crc: number;
  readonly compressed: number;
  readonly size: number;
  readonly offset: number;
}

const ALIGNMENT = 64;
const MAX_32 = 0xffff_ffff;

function u64(...values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(8 * values.length);
  values.forEach((value, i) => buffer.writeBigUInt64LE(BigInt(value), 8 * i));
  return buffer;
}

/**
 * Writes a zip archive entry by entry, as PyTorch does: stored, the data of each entry aligned to 64 bytes by
 * an extra field. Only one entry is in memory at a time.
 */
export class ZipWriter {
  readonly #fd: number;
  readonly #options: ZipOptions;
  readonly #written: Written[] = [];
  #position = 0;

  constructor(path: string, options: ZipOptions = {}) {
    this.#fd = openSync(path, 'w');
    this.#options = options;
  }

  add(name: string, data: Uint8Array): void {
    const { deflate = false, zip64 = false } = this.#options;
    const body = deflate ? deflateRawSync(data) : data;
    const entry = { name: Buffer.from(name), crc: crc32(data), compressed: body.length, size: data.length };
    const offset = this.#position;
    const sizes = zip64 ? this.#extra(1, u64(entry.size, entry.compressed)) : Buffer.alloc(0);
    const before = offset + 30 + entry.name.length + sizes.length + 4;
    const padding = this.#extra(0x4246, Buffer.alloc((ALIGNMENT - (before % ALIGNMENT)) % ALIGNMENT));
    const header = Buffer.alloc(30);
    header.writeUInt32LE(0x0403_4b50, 0);
    this.#common(header, 4, entry, sizes.length + padding.length);
    for (const part of [header, entry.name, sizes, padding, body]) this.#write(part);
    this.#written.push({ ...entry, offset });
  }

  close(): void {
    const start = this.#position;
    for (const entry of this.#written) this.#writeCentral(entry);
    const size = this.#position - start;
    const count = this.#written.length;
    if (this.#options.zip64 === true) this.#writeZip64End(count, size, start);
    const end = Buffer.alloc(22);
    end.writeUInt32LE(0x0605_4b50, 0);
    const capped = this.#options.zip64 === true ? 0xffff : count;
    end.writeUInt16LE(capped, 8);
    end.writeUInt16LE(capped, 10);
    end.writeUInt32LE(this.#options.zip64 === true ? MAX_32 : size, 12);
    end.writeUInt32LE(this.#options.zip64 === true ? MAX_32 : start, 16);
    this.#write(end);
    closeSync(this.#fd);
  }

  #writeCentral(entry: Written): void {
    const zip64 = this.#options.zip64 === true;
    const extra = zip64 ? this.#extra(1, u64(entry.size, entry.compressed, entry.offset)) : Buffer.alloc(0);
    const header = Buffer.alloc(46);
    header.writeUInt32LE(0x0201_4b50, 0);
    this.#common(header, 6, entry, extra.length);
    header.writeUInt32LE(zip64 ? MAX_32 : entry.offset, 42);
    for (const part of [header, entry.name, extra]) this.#write(part);
  }

  #writeZip64End(count: number, size: number, start: number): void {
    const end = Buffer.alloc(56);
    end.writeUInt32LE(0x0606_4b50, 0);
    u64(44).copy(end, 4);
    u64(count, count, size, start).copy(end, 24);
    const locator = Buffer.alloc(20);
    locator.writeUInt32LE(0x0706_4b50, 0);
    u64(this.#position).copy(locator, 8);
    locator.writeUInt32LE(1, 16);
    for (const part of [end, locator]) this.#write(part);
  }

  /** The fields that local and central headers share, from `at` on. */
  #common(header: Buffer, at: number, entry: Omit<Written, 'offset'>, extraLength: number): void {
    const zip64 = this.#options.zip64 === true;
    header.writeUInt16LE(this.#options.deflate === true ? 8 : 0, at + 4);
    header.writeUInt32LE(entry.crc, at + 10);
    header.writeUInt32LE(zip64 ? MAX_32 : entry.compressed, at + 14);
    header.writeUInt32LE(zip64 ? MAX_32 : entry.size, at + 18);
    header.writeUInt16LE(entry.name.length, at + 22);
    header.writeUInt16LE(extraLength, at + 24);
  }

  #extra(id: number, data: Buffer): Buffer {
    const head = Buffer.alloc(4);
    head.writeUInt16LE(id, 0);
    head.writeUInt16LE(data.length, 2);
    return Buffer.concat([head, data]);
  }

  #write(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) done += writeSync(this.#fd, bytes, done);
    this.#position += bytes.length;
  }
}
