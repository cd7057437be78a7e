import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PartialFile } from '../../../model/fetch/partial-file.ts';
import { tempFolder } from '../../../testing/temp-folder.ts';

test('records that are asked for at the same time are written one after the other', async () => {
  const folder = tempFolder();
  const partial = await PartialFile.open(folder, { name: 'x', bytes: 64, sha256: '' }, 8);
  const parts = partial.pieces.map(async (piece) => {
    for (let at = 0; at < 8; at++) {
      await partial.write(piece, Uint8Array.of(1));
      await partial.save();
    }
  });
  await Promise.all(parts);
  await partial.close();
  expect(readdirSync(folder).sort()).toEqual(['x.partial', 'x.partial.json']);
  const state = JSON.parse(readFileSync(join(folder, 'x.partial.json'), 'utf8')) as { done: number[] };
  expect(state.done).toEqual(Array(8).fill(8));
  expect(readFileSync(join(folder, 'x.partial'))).toEqual(Buffer.alloc(64, 1));
});
