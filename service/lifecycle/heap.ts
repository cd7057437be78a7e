import { setFlagsFromString } from 'node:v8';
import { CAN_FREE } from '../../model/free-memory.ts';

/**
 * By how much of what is in use V8's heap may grow before all of it is collected, in percent. V8's own rule lets a small
 * heap grow to three times its size, but counts the buffers outside of the heap, of which it keeps room for new objects:
 * where they cannot be freed at once, the bodies of every 30 requests of 100 KB had it mark the whole heap again.
 */
const GROWTH_PERCENT = CAN_FREE ? 50 : 200;

/**
 * Has V8 collect garbage as it suits this process, most of whose objects die with their request, and which shares few
 * processors with engines and decoding threads. Recent objects are collected by the thread that made them: to wake
 * others for a millisecond of work, and to wait for them, took 5 % of the time with one client on a busy machine.
 */
export function tuneHeap(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
  setFlagsFromString('--no-parallel-scavenge');
}
