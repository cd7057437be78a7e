import { expect, it } from 'vitest';
import { CAN_FREE, freeMemory } from '../../model/free-memory.ts';

it.runIf(CAN_FREE)('frees the whole buffer of a view, once', () => {
  const bytes = new Uint8Array(100_000);
  const view = bytes.subarray(10, 20);
  freeMemory(view);
  expect([view.length, bytes.length, bytes.buffer.byteLength]).toEqual([0, 0, 0]);
  freeMemory(view);
});

it("leaves small buffers and Node.js's pool alone, which others share", () => {
  const pooled = Buffer.from('a dog');
  const small = new Uint8Array(100).fill(1);
  freeMemory(pooled);
  freeMemory(small);
  expect(pooled.toString()).toBe('a dog');
  expect(small).toHaveLength(100);
});

it('leaves shared memory alone', () => {
  const shared = new Uint8Array(new SharedArrayBuffer(100_000));
  freeMemory(shared);
  expect(shared).toHaveLength(100_000);
});
