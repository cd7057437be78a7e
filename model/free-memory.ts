import * as threads from 'node:worker_threads';

/** Whether memory can be freed without V8's collector: from Node.js 22 on. */
export const CAN_FREE = 'transfer' in ArrayBuffer.prototype;
/** Less is not worth it. */
const LEAST_BYTES = 4096;

/**
 * Frees the memory of a buffer at once. V8 does so when it next collects garbage, of which it sees only the small objects
 * that the memory belongs to. Does nothing before Node.js 22, and for what is a part of Node.js's pool of buffers.
 *
 * @param bytes a view of a buffer that nothing else uses any more; it and all other views of the buffer are empty
 *   afterwards
 */
export function freeMemory(bytes: ArrayBufferView): void {
  const { buffer } = bytes;
  if (!CAN_FREE || !(buffer instanceof ArrayBuffer) || buffer.byteLength < LEAST_BYTES) return;
  if (!isPooled(bytes)) buffer.transfer(0);
}

/**
 * Whether a view lies in Node.js's pool of buffers, which others share and which cannot be transferred. Before Node.js 21,
 * which marks the pool, it may also be one of another buffer of the pool's size.
 */
export function isPooled({ buffer, byteLength }: ArrayBufferView): boolean {
  const { isMarkedAsUntransferable } = threads as { isMarkedAsUntransferable?: (value: object) => boolean };
  return (
    isMarkedAsUntransferable?.(buffer) ?? (buffer.byteLength === Buffer.poolSize && byteLength < buffer.byteLength)
  );
}
