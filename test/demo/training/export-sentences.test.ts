import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CLAIM_COLUMNS, ClaimColumns } from '../../../demo/training/claim-columns.ts';
import { exportSentences, readTokenizer } from '../../../demo/training/export-sentences.ts';
import { DEMO_CHECKPOINT } from '../../../demo/demo-package.ts';
import { TEXT } from '../../../demo/training/text.ts';
import { ANSWERS } from '../../../demo/answers.ts';
import { KINDS } from '../../../demo/world/claims.ts';
import { drawLong } from '../../../demo/world/long.ts';
import { answerOf } from '../../../demo/world/meaning.ts';
import { PROGRAM } from '../../../demo/world/program.ts';
import { seeded } from '../../../demo/world/random.ts';
import { sceneOf } from '../../../demo/world/scene.ts';
import { clean, encodePrompt } from '../../../model/input/tokens.ts';
import { tempFolder } from '../../../testing/temp-folder.ts';

/** Columns of a row: picture, kind, answer, offset and count of the tokens, 10 about parts and sets, claims, program. */
const COLUMNS = 15 + CLAIM_COLUMNS + PROGRAM.length;

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

it('finds the last token of each claim of a long sentence', async () => {
  const tokenizer = await readTokenizer(DEMO_CHECKPOINT);
  const vocabulary = JSON.parse(await readFile(join(DEMO_CHECKPOINT, 'vocab.json'), 'utf8')) as Record<string, number>;
  const words = new Map(Object.entries(vocabulary).map(([token, id]) => [id, token.replace('\u0120', ' ')]));
  const columns = new ClaimColumns(tokenizer);
  const random = seeded(3);
  const scenes = Array.from({ length: 50 }, (_, seed) => sceneOf(seed, 'training'));
  for (let draw = 0; draw < 40; draw++) {
    const pair = drawLong(random, scenes);
    const ids = [...encodePrompt(tokenizer, TEXT, pair.hypothesis, undefined).ids];
    const each = columns.of(pair, ids);
    const size = CLAIM_COLUMNS / 7;
    for (const [index, { end, claim }] of (pair.claims ?? []).entries()) {
      const [at = -1, ...targets] = each.slice(index * size, (index + 1) * size);
      const text = ids
        .slice(1, at + 1)
        .map((id) => words.get(id))
        .join('');
      expect(text).toBe(` does the image describe " ${clean(pair.hypothesis.slice(0, end), 80).text}`);
      expect(targets.at(-1)).toBe(ANSWERS.indexOf(answerOf(pair.scene, { claim }) ?? 'maybe'));
    }
  }
});
