import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { exportSentences, readTokenizer } from '../../../demo/training/export-sentences.ts';
import { DEMO_CHECKPOINT } from '../../../demo/demo-package.ts';
import { KINDS } from '../../../demo/world/claims.ts';
import { PROGRAM } from '../../../demo/world/program.ts';
import { tempFolder } from '../../../testing/temp-folder.ts';

/** Columns of a row: picture, kind, answer, offset and count of the tokens, 10 about parts and sets, the program. */
const COLUMNS = 15 + PROGRAM.length;

it('points each sentence to its picture, and a few to strange pictures', async () => {
  const folder = tempFolder();
  const tokenizer = await readTokenizer(DEMO_CHECKPOINT);
  await exportSentences(folder, 's', tokenizer, {
    split: 'training',
    seed: 1,
    pairs: 1500,
    first: 100,
    firstSeed: 50_000,
    pool: 300,
    strange: { first: 1000, count: 50 },
  });
  const { buffer } = Uint8Array.from(await readFile(join(folder, 's.rows.bin')));
  const values = new Int32Array(buffer);
  const rows = Array.from({ length: 1500 }, (_, at) => [...values.subarray(at * COLUMNS, (at + 1) * COLUMNS)]);
  const [ordinary, strange] = [false, true].map((odd) => rows.filter(([, kind]) => (kind === KINDS.length) === odd));
  expect(strange?.length).toBeGreaterThan(20);
  expect(strange?.length).toBeLessThan(150);
  for (const [picture = 0, , answer] of strange ?? []) {
    // A strange sentence, about an ordinary picture, or a strange picture.
    expect((picture >= 100 && picture < 400) || (picture >= 1000 && picture < 1050)).toBe(true);
    expect(answer).toBe(-1);
  }
  for (const [picture = 0, , answer] of ordinary ?? []) {
    expect(picture >= 100 && picture < 400, String(picture)).toBe(true);
    expect([0, 1, 2]).toContain(answer);
  }
  expect(new Set(ordinary?.map(([picture]) => picture)).size).toBeGreaterThan(200);
});
