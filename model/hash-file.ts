import { createHash } from 'node:crypto';
import path from 'node:path';
import { readChunks } from './regular-file.ts';

/** Bytes per read. */
const CHUNK = 4 << 20;

/**
 * Size and SHA-256 of a file.
 *
 * @param onProgress called with the number of bytes read so far
 * @returns `name` without the folder, `sha256` in hex
 */
export async function hashFile(
  file: string,
  onProgress?: (bytes: number) => void,
): Promise<{ name: string; bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of readChunks(file, CHUNK)) {
    hash.update(chunk);
    bytes += chunk.length;
    onProgress?.(bytes);
  }
  return { name: path.basename(file), bytes, sha256: hash.digest('hex') };
}
