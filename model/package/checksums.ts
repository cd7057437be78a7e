import { createHash, webcrypto, type Hash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { fill, openRegular, readChunks } from '../regular-file.ts';

/**
 * Bytes of a piece in packages that this version writes. A piece is what damage is narrowed down to, and what one
 * thread reads and hashes at a time; the manifest of a package of 2.5 GB lists 600.
 */
export const PIECE_BYTES = 4 << 20;

/**
 * Pieces that are read and hashed at a time. More would only take processor time from the engine that is loading; on two
 * processors, so would a second one.
 */
const LANES = availableParallelism() > 2 ? 2 : 1;

/** Size and checksums of a file. */
export interface Checksums {
  readonly bytes: number;
  /** SHA-256 of the whole file, in hex. */
  readonly sha256: string;
  /** SHA-256 of each {@link PIECE_BYTES} in hex; the last piece can be shorter. None for an empty file. */
  readonly pieces: string[];
}

/** Computes the checksums of a file while it is written. */
export class ChecksumStream {
  readonly #whole = createHash('sha256');
  readonly #pieces: string[] = [];
  #piece: Hash = createHash('sha256');
  #bytes = 0;

  update(chunk: Uint8Array): void {
    this.#whole.update(chunk);
    for (let at = 0; at < chunk.length;) {
      const part = chunk.subarray(at, at + PIECE_BYTES - (this.#bytes % PIECE_BYTES));
      this.#piece.update(part);
      this.#bytes += part.length;
      at += part.length;
      if (this.#bytes % PIECE_BYTES === 0) this.#endPiece();
    }
  }

  /** The checksums of all that was passed to `update`. Call it once, at the end. */
  digest(): Checksums {
    if (this.#bytes % PIECE_BYTES !== 0) this.#endPiece();
    return { bytes: this.#bytes, sha256: this.#whole.digest('hex'), pieces: this.#pieces };
  }

  #endPiece(): void {
    this.#pieces.push(this.#piece.digest('hex'));
    this.#piece = createHash('sha256');
  }
}

/** The checksums of a file that exists. */
export async function checksumsOf(file: string): Promise<Checksums> {
  const sums = new ChecksumStream();
  for await (const chunk of readChunks(file, PIECE_BYTES)) sums.update(chunk);
  return sums.digest();
}

/** A range of bytes in a file; `end` is the first byte behind it. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Compares a file with its checksums, piece by piece. Reading and hashing happen on libuv's threads, and the file is
 * read as any other reader sees it: the same pages of the page cache that ONNX Runtime maps.
 *
 * @param expected SHA-256 of each piece in hex
 * @param bytes size that the file should have
 * @returns the first range found that is not as expected; undefined if there is none
 * @throws the system's error if the file cannot be read, or the signal's reason
 */
export async function findDamage(
  file: string,
  { pieces: expected, bytes }: Pick<Checksums, 'pieces' | 'bytes'>,
  pieceBytes: number,
  signal?: AbortSignal,
): Promise<ByteRange | undefined> {
  const handle = await openRegular(file);
  let next = 0;
  let damage: ByteRange | undefined;
  const lane = async (): Promise<void> => {
    const buffer = Buffer.allocUnsafeSlow(Math.min(pieceBytes, bytes));
    while (damage === undefined && next < expected.length) {
      signal?.throwIfAborted();
      const index = next++;
      const start = index * pieceBytes;
      const end = Math.min(bytes, start + pieceBytes);
      const filled = await fill(handle, buffer.subarray(0, end - start), start);
      const sum = await webcrypto.subtle.digest('SHA-256', buffer.subarray(0, filled));
      if (Buffer.from(sum).toString('hex') !== expected[index]) damage ??= { start, end };
    }
  };
  try {
    await Promise.all(Array.from({ length: LANES }, lane));
    return damage;
  } finally {
    await handle.close();
  }
}
