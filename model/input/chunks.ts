import { setImmediate } from 'node:timers/promises';

/** Bytes per chunk: hashing or copying this much takes about a millisecond. */
const CHUNK = 1024 * 1024;

/** Splits a large array into chunks, and yields to the event loop between them. */
export async function* yieldingChunks(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  for (let from = 0; from < bytes.length; from += CHUNK) {
    if (from > 0) await setImmediate();
    yield bytes.subarray(from, from + CHUNK);
  }
}
