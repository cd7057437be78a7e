import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import path from 'node:path';

/** Bytes read at a time. */
const PIECE = 1 << 20;

/**
 * Size and SHA-256 of a file. The next piece is read while one is summed up, into two buffers that are used again:
 * a stream's fresh buffer for every piece costs more than the sum itself.
 *
 * @param onProgress called with the bytes read so far
 */
export async function hashFile(
  file: string,
  onProgress?: (bytes: number) => void,
): Promise<{ name: string; bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  const handle = await open(file);
  try {
    let bytes = 0;
    let [filled, free] = [Buffer.allocUnsafeSlow(PIECE), Buffer.allocUnsafeSlow(PIECE)];
    let { bytesRead } = await handle.read(filled, 0, PIECE);
    while (bytesRead > 0) {
      const reading = handle.read(free, 0, PIECE);
      hash.update(filled.subarray(0, bytesRead));
      bytes += bytesRead;
      ({ bytesRead } = await reading);
      onProgress?.(bytes);
      [filled, free] = [free, filled];
    }
    return { name: path.basename(file), bytes, sha256: hash.digest('hex') };
  } finally {
    await handle.close();
  }
}
