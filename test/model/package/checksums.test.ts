import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checksumsOf, ChecksumStream, findDamage, PIECE_BYTES } from '../../../model/package/checksums.ts';
import { tempFolder } from '../../../testing/temp-folder.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function piecesOf(bytes: Uint8Array, size: number): string[] {
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, at) => sha256(bytes.subarray(at * size, (at + 1) * size)));
}

describe('the checksums of a file', () => {
  it.each([0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 2 * PIECE_BYTES + 5])(
    'of %i bytes are those of the whole and of each piece, however it is written',
    async (length) => {
      const bytes = Buffer.alloc(length, 'abcdefg');
      const expected = { bytes: length, sha256: sha256(bytes), pieces: piecesOf(bytes, PIECE_BYTES) };
      for (const step of [length + 1, 1_000_003]) {
        const stream = new ChecksumStream();
        for (let at = 0; at < length; at += step) stream.update(bytes.subarray(at, at + step));
        expect(stream.digest()).toEqual(expected);
      }
      const file = join(tempFolder(), 'file');
      await writeFile(file, bytes);
      expect(await checksumsOf(file)).toEqual(expected);
      expect(await findDamage(file, expected, PIECE_BYTES)).toBeUndefined();
    },
  );

  it('find where a file ends early', async () => {
    const file = join(tempFolder(), 'file');
    const bytes = Buffer.from('abcdefghij');
    const sums = { bytes: bytes.length, pieces: piecesOf(bytes, 4) };
    await writeFile(file, bytes.subarray(0, 7));
    expect(await findDamage(file, sums, 4)).toEqual({ start: 4, end: 8 });
    await writeFile(file, bytes.subarray(0, 9));
    expect(await findDamage(file, sums, 4)).toEqual({ start: 8, end: 10 });
  });

  it('find any changed byte, and name its piece', async () => {
    const file = join(tempFolder(), 'file');
    const bit = fc.integer({ min: 0, max: 7 });
    const content = fc.uint8Array({ minLength: 1, maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(content, fc.nat(), bit, fc.integer({ min: 1, max: 64 }), async (bytes, place, shift, size) => {
        const sums = { bytes: bytes.length, pieces: piecesOf(bytes, size) };
        await writeFile(file, bytes);
        expect(await findDamage(file, sums, size)).toBeUndefined();
        const at = place % bytes.length;
        bytes[at] = (bytes[at] ?? 0) ^ (1 << shift);
        await writeFile(file, bytes);
        const start = at - (at % size);
        expect(await findDamage(file, sums, size)).toEqual({ start, end: Math.min(bytes.length, start + size) });
      }),
    );
  });
});
