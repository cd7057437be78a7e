import { setImmediate } from 'node:timers/promises';

/** Bytes after which others have their turn: hashing or copying this much takes about a millisecond. */
const TURN = 1024 * 1024;

/** The parts of a large array, one by one, with time between them for whatever else waits for the event loop. */
export async function* inTurns(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  for (let from = 0; from < bytes.length; from += TURN) {
    if (from > 0) await setImmediate();
    yield bytes.subarray(from, from + TURN);
  }
}
