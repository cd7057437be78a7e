import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import path from 'node:path';

/** Bytes read at a time. */
const PIECE = 4 << 20;

/**
 * Size and SHA-256 of a file.
 *
 * @param onProgress called with the bytes read so far
 */
export async function hashFile(
  file: string,
  onProgress?: (bytes: number) => void,
): Promise<{ name: string; bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of createReadStream(file, { highWaterMark: PIECE }) as AsyncIterable<Buffer>) {
    hash.update(piece);
    bytes += piece.length;
    onProgress?.(bytes);
  }
  return { name: path.basename(file), bytes, sha256: hash.digest('hex') };
}
