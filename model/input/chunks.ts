import { setImmediate } from 'node:timers/promises';

/** Bytes per chunk: hashing or copying this much takes about a millisecond. */
const CHUNK = 1024 * 1024;

/** Visits a large array in chunks, and yields to the event loop between them. */
export async function forEachChunk(bytes: Uint8Array, visit: (part: Uint8Array, from: number) => void): Promise<void> {
  for (let from = 0; from < bytes.length; from += CHUNK) {
    if (from > 0) await setImmediate();
    visit(bytes.subarray(from, from + CHUNK), from);
  }
}
