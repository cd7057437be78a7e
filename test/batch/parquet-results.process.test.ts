import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { mergeRuns } from '../../batch/merge.ts';
import { openDiskFile } from '../../batch/storage/file.ts';
import { openParquet } from '../../batch/storage/parquet-rows.ts';
import { tempFolder } from '../../testing/temp-folder.ts';
import { pictureFolder, testRows, writeRows } from './rows.ts';
import { stubRuns } from './stub-runs.ts';

const run = stubRuns();
let input = '';

beforeAll(() => {
  const rows: object[] = testRows(120);
  rows[7] = { id: 7, image: 'image-00.png', texts: ['a dog', 'a cat'], tags: ['x'] };
  rows[8] = { id: 'bad', image: 5, text: 'a dog' };
  input = writeRows(pictureFolder(), rows);
});

async function rowsIn(file: string): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  for await (const row of (await openParquet(await openDiskFile(file))).rows()) rows.push(row);
  return rows;
}

test('parts and the merged file are Parquet when the names end so', async () => {
  const output = join(tempFolder(), 'results.parquet');
  expect((await run({ input, output })).tally.rows).toBe(120);
  expect(readdirSync(output).sort()).toEqual([
    '_run.json',
    'part-00000.parquet',
    'part-00001.parquet',
    'part-00002.parquet',
  ]);
  const merged = join(output, 'all.parquet');
  const tally = await mergeRuns([output], merged);
  expect([tally.rows, tally.failedRows]).toEqual([120, 1]);
  const rows = await rowsIn(merged);
  expect(rows).toHaveLength(120);
  const absent = { texts: null, premise: null, results: null, warnings: null };
  expect(rows[0]).toEqual({
    ...absent,
    ...{ id: 'row-0', image: 'image-00.png', text: expect.any(String) as string, columns: '{"price":0}' },
    ...{ result: expect.any(Number) as number, label: expect.any(String) as string },
    ...{ confidence: expect.any(Number) as number, scores: expect.stringMatching(/^\{".*\}$/) as string },
    ...{ error_code: null, error_detail: null, error_field: null },
  });
  expect(rows[7]).toMatchObject({ id: '7', texts: '["a dog","a cat"]', columns: '{"tags":["x"]}', label: null });
  expect(JSON.parse(String(rows[7]?.['results']))).toHaveLength(2);
  expect(rows[8]).toMatchObject({
    id: 'bad',
    image: '5',
    label: null,
    error_code: 'invalid-field',
    error_field: 'image',
  });

  await expect(mergeRuns([output], join(output, 'all.jsonl'))).rejects.toMatchObject({
    code: 'settings-invalid',
    message: expect.stringMatching(/^The parts are Parquet: --output must end with \.parquet, unlike /) as string,
  });
});

test('a run goes on within a part, and gives the same bytes as an undisturbed one', async () => {
  const whole = join(tempFolder(), 'whole.parquet');
  await run({ input, output: whole });
  const output = join(tempFolder(), 'results.parquet');
  const interrupt = new AbortController();
  const onProgress = ({ done }: { done: number }): void => {
    if (done === 70) interrupt.abort();
  };
  await expect(run({ input, output, signal: interrupt.signal, onProgress })).rejects.toThrow('Interrupted');
  expect(readdirSync(output)).toContain('_part-00001.jsonl.partial');
  // The disk is full when the part is converted.
  const openFile: typeof open = async (...args) => {
    const handle = await open(...args);
    if (String(args[0]).endsWith('.parquet.partial')) {
      handle.appendFile = () => Promise.reject(Object.assign(new Error('no space'), { code: 'ENOSPC' }));
    }
    return handle;
  };
  await expect(run({ input, output, openFile })).rejects.toMatchObject({
    code: 'disk-full',
    message: `Cannot write ${join(output, '_part-00001.parquet.partial')}: the disk is full. The same command goes on from there.`,
  });
  expect((await run({ input, output })).computed).toBeLessThanOrEqual(20);
  for (const name of ['part-00000.parquet', 'part-00001.parquet', 'part-00002.parquet']) {
    expect(readFileSync(join(output, name)).equals(readFileSync(join(whole, name)))).toBe(true);
  }
  // Killed between publishing a part and removing the lines that it was made of.
  writeFileSync(join(output, '_part-00000.jsonl.partial'), '{}\n');
  expect(await run({ input, output })).toMatchObject({ computed: 0 });
  expect(readdirSync(output)).not.toContain('_part-00000.jsonl.partial');
});
