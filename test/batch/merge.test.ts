import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { mergeRuns } from '../../batch/merge.ts';
import { tempFolder } from '../../testing/temp-folder.ts';
import { lineOf, RUN, writeRun } from './run-folders.ts';

/** The folders of shards of the run, in a folder of their own. */
async function shards(count: number, indices: readonly number[]): Promise<string[]> {
  const folder = tempFolder();
  const folders: string[] = [];
  for (const index of indices) {
    folders.push(await writeRun(join(folder, `shard-${index}-of-${count}`), { ...RUN, shard: { index, count } }));
  }
  return folders;
}

test('the rows of all shards come in the order of the input, whatever the order of the folders', async () => {
  const output = join(tempFolder(), 'all.jsonl');
  const tally = await mergeRuns(await shards(3, [2, 0, 1]), output);
  expect(readFileSync(output, 'utf8')).toBe([0, 1, 2, 3, 4].map(lineOf).join(''));
  expect(tally).toMatchObject({
    rows: 5,
    failedRows: 2,
    answers: new Map([['Yes', 3]]),
    failures: new Map([['bad', 2]]),
  });
});

test('a folder that has those of shards stands for them, whatever else is in it', async () => {
  const [first = ''] = await shards(2, [0, 1]);
  const folder = join(first, '..');
  await writeRun(join(folder, 'earlier'));
  rmSync(join(await writeRun(join(folder, 'shard-notes')), '_run.json'));
  const output = join(tempFolder(), 'all.jsonl');
  expect(await mergeRuns([folder], output)).toMatchObject({ rows: 5 });
});

describe('nothing is merged, and no file is left,', () => {
  async function refusalOf(folders: readonly string[], format = 'jsonl'): Promise<unknown> {
    const folder = tempFolder();
    const refusal: unknown = await mergeRuns(folders, join(folder, `all.${format}`)).catch((error: unknown) => error);
    expect(readdirSync(folder)).toEqual([]);
    return refusal;
  }

  test.each([
    [[1], (folder: string) => `${join(folder, 'part-00001.jsonl')} is missing`],
    [[0, 2], (folder: string) => `2 parts are missing, the first of them ${join(folder, 'part-00000.jsonl')}`],
  ])('where parts are missing: %j', async (missing, what) => {
    const folder = await writeRun(tempFolder());
    for (const index of missing) rmSync(join(folder, `part-0000${index}.jsonl`));
    expect(await refusalOf([folder])).toMatchObject({
      code: 'input-unreadable',
      message: `The results are not complete: ${what(folder)}. Run the batch command to its end.`,
    });
  });

  test.each([
    ['fewer', lineOf(2), '1 rows but should have 2'],
    ['more', [2, 3, 4].map(lineOf).join(''), '3 rows but should have 2'],
    ['other', `${lineOf(2)}5\n`, 'a line 2 that is no row'],
    ['damaged', `${lineOf(2)}{"id":3,\n`, 'a line 2 that is no row'],
    ['other, besides its own', `${lineOf(2)}\n${lineOf(3)}`, 'a line 2 that is no row'],
  ])('where a part has %s rows than it should have', async (_, content, what) => {
    const folder = await writeRun(tempFolder());
    const part = join(folder, 'part-00001.jsonl');
    writeFileSync(part, content);
    for (const format of ['jsonl', 'parquet']) {
      expect(await refusalOf([folder], format)).toMatchObject({
        code: 'input-unreadable',
        message: `${part} has ${what}: somebody has changed it. Delete it and run the batch command again, which computes its rows.`,
      });
    }
  });

  test.each([
    ['first', [1, 2], 0],
    ['last', [0, 1], 2],
  ])('where the %s shard is missing', async (_, indices, missing) => {
    expect(await refusalOf(await shards(3, indices))).toMatchObject({
      code: 'input-unreadable',
      message: `The results are not complete: Shard ${missing}/3 is missing.`,
    });
  });

  test('where a shard is there twice', async () => {
    const [first = '', second = ''] = await shards(2, [0, 1]);
    const [again = ''] = await shards(2, [1]);
    expect(await refusalOf([first, second, again])).toMatchObject({
      code: 'input-unreadable',
      message: `Shard 1/2 is there twice: in ${second} and ${again}.`,
    });
  });

  test('where folders have results of different runs', async () => {
    const [first = ''] = await shards(2, [0]);
    const [other = ''] = await shards(3, [1]);
    expect(await refusalOf([first, other])).toMatchObject({
      code: 'input-unreadable',
      message: `The folder ${other} has results of another shard (1/3), unlike ${first}: they cannot be merged.`,
    });
  });

  test('where a folder has no results', async () => {
    const folder = tempFolder();
    expect(await refusalOf([folder])).toMatchObject({
      code: 'input-unreadable',
      message: `The folder ${folder} has no results of ofa-ve batch.`,
    });
  });
});

test('a full disk is said, and leaves no file', async () => {
  const folder = tempFolder();
  const output = join(folder, 'all.jsonl');
  const openFile: typeof open = async (...args) => {
    const handle = await open(...args);
    handle.sync = () => Promise.reject(Object.assign(new Error('no space'), { code: 'ENOSPC' }));
    return handle;
  };
  await expect(mergeRuns([await writeRun(tempFolder())], output, openFile)).rejects.toMatchObject({
    code: 'disk-full',
    message: `Cannot write ${output}: the disk is full.`,
  });
  expect(readdirSync(folder)).toEqual([]);
});
